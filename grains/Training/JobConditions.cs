using System.Collections.Immutable;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>One entry of <c>status.conditions</c>.</summary>
internal sealed record JobCondition(string Type, string Status, string Reason, string Message, DateTimeOffset? LastUpdateTime, DateTimeOffset? LastTransitionTime)
{
    public const string Created = "Created";
    public const string Running = "Running";
    public const string Restarting = "Restarting";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";
    public const string Suspended = "Suspended";

    /// <summary>Beyond upstream: replicas that should run do not, and why is known.</summary>
    public const string PodsPending = "PodsPending";

    public const string True = "True";
    public const string False = "False";
}

/// <summary>
/// The conditions in wire order. The order is part of the contract: the last one is what <c>kubectl get</c> shows as the state, and a
/// condition that changes moves to the end.
/// </summary>
internal readonly record struct JobConditions(ImmutableArray<JobCondition> Items)
{
    public static JobConditions Empty { get; } = new([]);

    public bool IsFinished => Terminal is not null;

    /// <summary>The condition that ended the job; null while it has not ended.</summary>
    public JobCondition? Terminal => Items.FirstOrDefault(item => item is { Type: JobCondition.Succeeded or JobCondition.Failed, Status: JobCondition.True });

    public JobCondition? Find(string type) => Items.FirstOrDefault(item => item.Type == type);

    public bool IsTrue(string type) => Find(type)?.Status == JobCondition.True;

    /// <summary>
    /// Sets a condition. Nothing changes once the job has ended, nor for another message alone. Running and Restarting exclude each
    /// other; the end turns Running false.
    /// </summary>
    public JobConditions Set(string type, string status, string reason, string message, DateTimeOffset now)
    {
        var current = Find(type);
        if (IsFinished || (current?.Status == status && current.Reason == reason))
        {
            return this;
        }

        var transition = current?.Status == status ? current.LastTransitionTime : now;
        return new([.. Items.Where(item => !Displaces(type, item.Type)).Select(item => Ended(type, item)), new(type, status, reason, message, now, transition)]);
    }

    /// <summary>
    /// Says why replicas do not run, once per reason, or that nothing is known to stand in their way. It stands first, and only while it
    /// holds: who shows the last condition as the state shows what upstream shows.
    /// </summary>
    public JobConditions SetPending(PendingReason? pending, DateTimeOffset now)
    {
        var current = Find(JobCondition.PodsPending);
        if (IsFinished || current?.Reason == pending?.Reason)
        {
            return this;
        }

        var others = Items.Where(item => item.Type != JobCondition.PodsPending);
        return pending is null
            ? new([.. others])
            : new([new(JobCondition.PodsPending, JobCondition.True, pending.Reason, pending.Message, now, current?.LastTransitionTime ?? now), .. others]);
    }

    private static bool Displaces(string set, string present) =>
        present == set || (set, present) is (JobCondition.Restarting, JobCondition.Running) or (JobCondition.Running, JobCondition.Restarting);

    private static JobCondition Ended(string set, JobCondition present) =>
        set is JobCondition.Failed or JobCondition.Succeeded && present.Type == JobCondition.Running ? present with { Status = JobCondition.False } : present;
}
