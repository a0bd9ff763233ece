using Kubeflow.Orleans.Grains.Training.GangScheduling;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>Replicas that are created only when the leading one is ready: nobody fails on its first connection, nobody asks a name service in a loop.</summary>
internal static class GatedStart
{
    /// <summary>Never together with gang scheduling: the leader would wait for the others' pods and they for the leader.</summary>
    public static bool Applies(TrainingJob job, ITrainingRules rules, TrainingOptions options) =>
        rules.StartsWhenLeaderIsReady(job) && GangScheduler.Of(job.Annotations, options) is null;

    /// <summary>Who leads may start, and whoever nobody leads.</summary>
    public static bool IsOpenFor(Replica replica, TrainingJob job, ITrainingRules rules, JobReplicas replicas) =>
        rules.IsMaster(job, replica.Spec.Role, replica.Index)
        || replicas.All.FirstOrDefault(other => rules.IsMaster(job, other.Spec.Role, other.Index)) is not { } leader
        || leader.IsCompleted
        || leader.IsReady;
}
