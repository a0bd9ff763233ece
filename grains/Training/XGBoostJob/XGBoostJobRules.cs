using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.XGBoostJob;

/// <summary>One ring of processes: ranks run through the masters and on through the workers. LightGBM wants the workers by name.</summary>
internal sealed class XGBoostJobRules(XGBoostJobKind kind) : MasterWorkerRules(kind)
{
    /// <summary>A ring that lost a process does not close again: only exit codes that ask for it start a pod anew.</summary>
    public override FailureMeaning MeaningOfFailure(Replica replica) =>
        replica.Spec.RestartPolicy == "ExitCode" ? base.MeaningOfFailure(replica) : FailureMeaning.Final;

    protected override IEnumerable<V1EnvVar> Environment(TrainingJob job, ReplicaSpec spec, int index)
    {
        if (job.Replica(TrainingKind.Master) is not { } master)
        {
            yield break;
        }

        yield return Variable("MASTER_PORT", master.FrameworkPort);
        yield return Variable("MASTER_ADDR", job.ReplicaName(TrainingKind.Master, 0));
        yield return Variable("WORLD_SIZE", job.TotalReplicas);
        yield return Variable("RANK", spec.Role == TrainingKind.Master ? index : index + master.Replicas);
        yield return Variable("PYTHONUNBUFFERED", "1");
        if (job.Replica(TrainingKind.Worker) is { Replicas: > 0 } workers)
        {
            yield return Variable("WORKER_PORT", workers.FrameworkPort);
            yield return Variable("WORKER_ADDRS", string.Join(',', Enumerable.Range(0, workers.Replicas).Select(worker => job.ReplicaName(TrainingKind.Worker, worker))));
        }
    }
}
