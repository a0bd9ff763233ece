using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>Workers wait for their master; elastic jobs end with the first worker.</summary>
internal sealed class PyTorchJobRules(PyTorchJobKind kind, TrainingOptions options) : MasterWorkerRules(kind)
{
    public override void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index)
    {
        base.Prepare(pod, job, spec, index);
        if (spec.Role == TrainingKind.Worker && job.Has(TrainingKind.Master) && !GatedStart.Applies(job, this, options))
        {
            pod.InitContainers = [.. pod.InitContainers ?? [], MasterWaitContainer.Build(job.ReplicaName(TrainingKind.Master, 0), options)];
        }
    }

    /// <summary>In an elastic job the first worker to succeed has seen the whole training.</summary>
    public override bool HasSucceeded(TrainingJob job, JobReplicas replicas) => base.HasSucceeded(job, replicas)
        || (!job.Has(TrainingKind.Master) && ElasticPolicy.Of(job) is not null && replicas.Succeeded(TrainingKind.Worker) > 0);

    public override bool StartsWhenLeaderIsReady(TrainingJob job) => options.PyTorchMasterWait == MasterWait.Gate || base.StartsWhenLeaderIsReady(job);

    public override IReadOnlyCollection<ChildKind> CompanionKinds { get; } = [ChildKind.Of<V2HorizontalPodAutoscaler>()];

    public override IEnumerable<IKubernetesObject<V1ObjectMeta>> Companions(TrainingJob job, JobReplicas replicas) => WorkerAutoscaler.Of(job) is { } autoscaler ? [autoscaler] : [];

    protected override IEnumerable<V1EnvVar> Environment(TrainingJob job, ReplicaSpec spec, int index) =>
        PyTorchEnvironment.Of(job, spec, index).Select(variable => Variable(variable.Name, variable.Value));
}
