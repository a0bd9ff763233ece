using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>Why replicas that should run do not: what the condition <see cref="JobCondition.PodsPending"/> says, the weightiest first.</summary>
internal static class PendingReasons
{
    public const string QuotaExceeded = "QuotaExceeded";
    public const string CreationRefused = "CreationRefused";
    public const string ImagePullFailed = "ImagePullFailed";
    public const string ContainerCreationFailed = "ContainerCreationFailed";
    public const string Unschedulable = "Unschedulable";
    public const string SchedulingGated = "SchedulingGated";
    public const string GangSchedulerMissing = "GangSchedulerMissing";

    private static readonly string[] ImageReasons = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable"];
    private static readonly string[] CreationReasons = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

    /// <param name="refusals">By pod name, what the cluster said to the last attempt to create it.</param>
    /// <returns>Null: nothing is known to stand in the way.</returns>
    public static PendingReason? Of(JobReplicas replicas, IReadOnlyDictionary<string, string> refusals)
    {
        var waiting = replicas.All.Where(replica => !replica.IsCompleted && replica.Pod?.Phase is null or "Pending" && replica.Pod?.Terminating != true).ToList();
        return waiting.Where(replica => replica.Pod is null && refusals.ContainsKey(replica.Name)).Select(replica => Refusal(replica.Name, refusals[replica.Name])).FirstOrDefault()
            ?? waiting.Select(Containers).OfType<PendingReason>().FirstOrDefault()
            ?? waiting.Select(Scheduling).OfType<PendingReason>().FirstOrDefault();
    }

    /// <summary>A refusal holds until the pod is there: who said it may have forgotten it meanwhile.</summary>
    public static bool IsRefusal(string reason) => reason is QuotaExceeded or CreationRefused;

    private static PendingReason Refusal(string podName, string message) =>
        new(message.Contains("exceeded quota", StringComparison.Ordinal) ? QuotaExceeded : CreationRefused, $"{podName}: {message}");

    private static PendingReason? Containers(Replica replica)
    {
        var waiting = replica.Pod?.InitContainers.Concat(replica.Pod.Containers)
            .FirstOrDefault(container => container.Waiting is { } state && (ImageReasons.Contains(state.Reason) || CreationReasons.Contains(state.Reason)));
        return waiting?.Waiting is not { } why
            ? null
            : new(ImageReasons.Contains(why.Reason) ? ImagePullFailed : ContainerCreationFailed, $"{replica.Name}: container {waiting.Name}: {why.Reason}: {why.Message}");
    }

    private static PendingReason? Scheduling(Replica replica) =>
        replica.Pod?.Conditions.FirstOrDefault(condition => condition is { Type: "PodScheduled", Status: "False", Reason: Unschedulable or SchedulingGated }) is { } condition
            ? new(condition.Reason, $"{replica.Name}: {condition.Message}")
            : null;
}

internal sealed record PendingReason(string Reason, string Message);
