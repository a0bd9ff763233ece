using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.JAXJob;

/// <summary>Every process is told where the coordinator is, how many there are and which it is.</summary>
internal sealed class JAXJobRules(JAXJobKind kind) : MasterWorkerRules(kind)
{
    protected override IEnumerable<V1EnvVar> Environment(TrainingJob job, ReplicaSpec spec, int index) =>
    [
        Variable("PYTHONUNBUFFERED", "1"),
        Variable("COORDINATOR_PORT", spec.FrameworkPort),
        Variable("COORDINATOR_ADDRESS", job.ReplicaName(TrainingKind.Worker, 0)),
        Variable("NUM_PROCESSES", job.TotalReplicas),
        Variable("PROCESS_ID", index),
    ];
}
