using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>The master speaks for the job; without one the workers do.</summary>
internal sealed class PyTorchJobRules(PyTorchJobKind kind, TrainingOptions options) : ITrainingRules
{
    public TrainingKind Kind => kind;

    public bool IsMaster(TrainingJob job, string role, int index) => role == LeadingRole(job) && (role == PyTorchJobKind.Master || index == 0);

    public void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index)
    {
        var variables = PyTorchEnvironment.Of(job, spec, index);
        foreach (var container in pod.Containers)
        {
            PodBuilder.AddEnvironment(container, variables);
        }

        if (options.PyTorchMasterWait == MasterWait.InitContainer && WaitsForMaster(job, spec))
        {
            pod.InitContainers = [.. pod.InitContainers ?? [], MasterWaitContainer.Build(job.ReplicaName(PyTorchJobKind.Master, 0), options)];
        }
    }

    public bool IsRunning(TrainingJob job, JobReplicas replicas) => replicas.Active(LeadingRole(job)) > 0;

    /// <summary>In an elastic job the first worker to succeed has seen the whole training.</summary>
    public bool HasSucceeded(TrainingJob job, JobReplicas replicas) => replicas.HaveAllSucceeded(LeadingRole(job))
        || (!job.Has(PyTorchJobKind.Master) && ElasticPolicy.Of(job) is not null && replicas.Succeeded(PyTorchJobKind.Worker) > 0);

    public JobMessages Messages(TrainingJob job)
    {
        var hasMaster = job.Has(PyTorchJobKind.Master);
        return new JobMessages(
            hasMaster ? $"PyTorchJob {job.Name} is running." : $"PyTorchJob {job.Namespace}/{job.Name} is running.",
            hasMaster ? $"PyTorchJob {job.Name} is successfully completed." : $"PyTorchJob {job.Namespace}/{job.Name} successfully completed.",
            (role, count) => $"PyTorchJob {job.Name} is failed because {count} {role} replica(s) failed.");
    }

    public bool MayStart(TrainingJob job, Replica replica, JobReplicas replicas) => options.PyTorchMasterWait != MasterWait.Gate
        || !WaitsForMaster(job, replica.Spec)
        || replicas.Find(PyTorchJobKind.Master, 0) is { IsRunning: true, Pod: { } master } && master.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    private static bool WaitsForMaster(TrainingJob job, ReplicaSpec spec) => spec.Role == PyTorchJobKind.Worker && job.Has(PyTorchJobKind.Master);

    private static string LeadingRole(TrainingJob job) => job.Has(PyTorchJobKind.Master) ? PyTorchJobKind.Master : PyTorchJobKind.Worker;
}
