using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>By what a pod shows that the cluster took it away: eviction, preemption, a node that is lost, shut down or full after all.</summary>
internal static class Disruptions
{
    /// <summary>What kubelets and node controllers write into <c>status.reason</c>.</summary>
    private static readonly string[] Reasons =
        ["Evicted", "Preempted", "Preempting", "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeAffinity", "UnexpectedAdmissionError"];

    private static readonly TimeSpan Confirmation = TimeSpan.FromMinutes(1);

    public static bool IsOne(ObservedPod pod) => Named(pod.Reason) || Target(pod) is not null;

    /// <summary>
    /// When a pod may be let go without its kubelet; null: it may not. Its node is unreachable for so long that the cluster deletes its
    /// pods, and the kubelet has not confirmed within a minute after the grace period was over.
    /// </summary>
    public static DateTimeOffset? LostAt(ObservedPod pod) => pod.Terminating && Target(pod)?.Reason == "DeletionByTaintManager" ? pod.DeletionTime + Confirmation : null;

    /// <summary>In a few words, for an event.</summary>
    public static string Describe(ObservedPod pod) =>
        Target(pod) is { } target ? string.Join(": ", new[] { target.Reason, target.Message }.Where(text => text.Length > 0)) : pod.Reason;

    /// <summary>A node that turned out to be full says <c>OutOfcpu</c>, <c>OutOfmemory</c> and so on.</summary>
    private static bool Named(string reason) => Reasons.Contains(reason) || reason.StartsWith("OutOf", StringComparison.Ordinal);

    private static ObservedCondition? Target(ObservedPod pod) => pod.Conditions.FirstOrDefault(condition => condition is { Type: "DisruptionTarget", Status: "True" });
}
