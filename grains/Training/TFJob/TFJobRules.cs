using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.TFJob;

/// <summary>The chief (or master) speaks for the job; without one the workers do.</summary>
internal sealed class TFJobRules(TFJobKind kind, TrainingOptions options) : ITrainingRules
{
    public TrainingKind Kind => kind;

    public bool IsMaster(TrainingJob job, string role, int index) => ChiefRole(job) is null ? role == TFJobKind.Worker && index == 0 : role is TFJobKind.Chief or TFJobKind.Master;

    public void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index)
    {
        var container = pod.Containers.FirstOrDefault(container => container.Name == kind.ContainerName);
        if (container is not null && TFConfig.IsDistributed(job))
        {
            PodBuilder.AddEnvironment(container, [new V1EnvVar { Name = TFConfig.VariableName, Value = TFConfig.Of(job, spec.Role, index, options.ClusterDomain) }]);
        }
    }

    public bool IsRunning(TrainingJob job, JobReplicas replicas) => replicas.Active(ChiefRole(job) ?? TFJobKind.Worker) > 0;

    public bool HasSucceeded(TrainingJob job, JobReplicas replicas) => ChiefRole(job) is { } chief
        ? replicas.HaveAllSucceeded(chief)
        : replicas.HaveAllSucceeded(TFJobKind.Worker) || (job.Spec.Text("successPolicy") != "AllWorkers" && replicas.IsCompleted(TFJobKind.Worker, 0));

    public JobMessages Messages(TrainingJob job) => new(
        $"TFJob {job.Namespace}/{job.Name} is running.",
        $"TFJob {job.Namespace}/{job.Name} successfully completed.",
        (role, count) => $"TFJob {job.Namespace}/{job.Name} has failed because {count} {role} replica(s) failed.");

    public bool ToleratesFailure(TrainingJob job, string role) => !kind.Roles.Contains(role) || (role == TFJobKind.Worker && TFConfig.HasDynamicWorkers(job));

    private static string? ChiefRole(TrainingJob job) => job.Has(TFJobKind.Chief) ? TFJobKind.Chief : job.Has(TFJobKind.Master) ? TFJobKind.Master : null;
}
