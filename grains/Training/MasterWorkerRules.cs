using System.Globalization;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// The master speaks for the job; without one the workers do. Every container learns from variables where the others are.
/// </summary>
internal abstract class MasterWorkerRules(TrainingKind kind) : ITrainingRules
{
    public TrainingKind Kind => kind;

    public virtual bool IsMaster(TrainingJob job, string role, int index) => role == LeadingRole(job) && (role == TrainingKind.Master || index == 0);

    public virtual void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index)
    {
        var variables = Environment(job, spec, index).ToList();
        foreach (var container in pod.Containers)
        {
            PodBuilder.AddEnvironment(container, variables);
        }
    }

    public bool IsRunning(TrainingJob job, JobReplicas replicas) => replicas.Active(LeadingRole(job)) > 0;

    public virtual bool HasSucceeded(TrainingJob job, JobReplicas replicas) => replicas.HaveAllSucceeded(LeadingRole(job));

    public JobMessages Messages(TrainingJob job)
    {
        var hasMaster = job.Has(TrainingKind.Master);
        return new JobMessages(
            hasMaster ? $"{kind.Kind} {job.Name} is running." : $"{kind.Kind} {job.Namespace}/{job.Name} is running.",
            hasMaster ? $"{kind.Kind} {job.Name} is successfully completed." : $"{kind.Kind} {job.Namespace}/{job.Name} successfully completed.",
            (role, count) => $"{kind.Kind} {job.Name} is failed because {count} {role} replica(s) failed.");
    }

    public virtual FailureMeaning MeaningOfFailure(Replica replica) => replica.MeaningOfFailure(replica.Spec.ContainerName);

    public virtual bool StartsWhenLeaderIsReady(TrainingJob job) => job.Annotations.StartsWhenLeaderIsReady;

    public virtual IReadOnlyCollection<ChildKind> CompanionKinds => [];

    public virtual IEnumerable<IKubernetesObject<V1ObjectMeta>> Companions(TrainingJob job, JobReplicas replicas) => [];

    /// <summary>The variables in the order they are appended.</summary>
    protected abstract IEnumerable<V1EnvVar> Environment(TrainingJob job, ReplicaSpec spec, int index);

    protected static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };

    protected static V1EnvVar Variable(string name, long value) => Variable(name, value.ToString(CultureInfo.InvariantCulture));

    private static string LeadingRole(TrainingJob job) => job.Has(TrainingKind.Master) ? TrainingKind.Master : TrainingKind.Worker;
}
