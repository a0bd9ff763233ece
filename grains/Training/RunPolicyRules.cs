using Kubeflow.Orleans.Kubernetes;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The run policy's limits as pure functions.</summary>
internal static class RunPolicyRules
{
    private const long SafetySeconds = 600;

    /// <summary>When the job must be over; null: it may take its time.</summary>
    public static DateTimeOffset? Deadline(RunPolicy policy, DateTimeOffset? startTime) => startTime + policy.ActiveDeadline;

    /// <summary>
    /// Restarts have reached the limit: those of running pods' containers and those that are only noted. With limit 0 a first failure
    /// exceeds it, even one that would not be restarted.
    /// </summary>
    public static bool IsBackoffLimitExceeded(RunPolicy policy, JobReplicas replicas)
    {
        if (policy.BackoffLimit is not { } limit)
        {
            return false;
        }

        return limit > 0 ? replicas.Restarts >= limit : replicas.Restarts > 0 || replicas.Failed.Any(replica => !replica.WasDisrupted);
    }

    /// <summary>A finished job's pod is to be deleted.</summary>
    public static bool DeletesPod(RunPolicy policy, ObservedPod pod) => policy.CleanPodPolicy switch
    {
        "None" => false,
        "Running" => pod.Phase is "Running" or "Pending",
        _ => true,
    };

    /// <summary>
    /// A finished job's service is to be deleted: its pod was or is, so a clean-up that was interrupted between the two is completed.
    /// </summary>
    public static bool DeletesService(RunPolicy policy, ObservedPod? pod) => policy.CleanPodPolicy switch
    {
        "None" => false,
        "Running" => pod is null || pod.Terminating || DeletesPod(policy, pod),
        _ => true,
    };

    /// <summary>When a finished job is to be deleted; null: it stays. A suspended job stays.</summary>
    public static DateTimeOffset? Expiry(RunPolicy policy, DateTimeOffset? completionTime) => policy.Suspend ? null : completionTime + policy.TimeToLiveAfterFinished;

    /// <summary>
    /// The next coarse look at an unfinished job, at most ten minutes away. The moments are fixed per job, so looking more often does
    /// not move them, and differ between jobs, so they do not come all at once.
    /// </summary>
    public static DateTimeOffset SafetyCheck(string uid, DateTimeOffset now)
    {
        var offset = StableHash.Of(uid) % SafetySeconds;
        var period = (now.ToUnixTimeSeconds() - offset) / SafetySeconds;
        return DateTimeOffset.FromUnixTimeSeconds(((period + 1) * SafetySeconds) + offset);
    }
}
