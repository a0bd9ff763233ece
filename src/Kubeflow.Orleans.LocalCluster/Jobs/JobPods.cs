using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Jobs;

/// <summary>A job's pods as it counts them.</summary>
internal sealed class JobPods(IReadOnlyCollection<Document> pods)
{
    public IReadOnlyList<Document> Active { get; } = [.. pods.Where(pod => !IsEnded(pod) && !IsTerminating(pod))];

    public int Ready => Active.Count(pod => pod.Root.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True"));

    public int Succeeded => pods.Count(pod => Phase(pod) == "Succeeded");

    public int Terminating => pods.Count(pod => !IsEnded(pod) && IsTerminating(pod));

    /// <summary>A pod that fails because it is being deleted has not failed by itself.</summary>
    public int Failed => pods.Count(HasFailed);

    /// <summary>How often containers of pods that have not ended were started again.</summary>
    public long Restarts => Active
        .SelectMany(pod => pod.Root.Items("status", "initContainerStatuses").Concat(pod.Root.Items("status", "containerStatuses")))
        .Sum(container => container.Integer("restartCount") ?? 0);

    /// <summary>When the last pod failed.</summary>
    public DateTimeOffset? LastFailure => pods.Where(HasFailed).Select(EndOf).Max();

    private static string Phase(Document pod) => pod.Root.Text("status", "phase");

    private static bool HasFailed(Document pod) => Phase(pod) == "Failed" && !IsTerminating(pod);

    private static bool IsEnded(Document pod) => Phase(pod) is "Succeeded" or "Failed";

    private static bool IsTerminating(Document pod) => pod.Metadata.DeletionTimestamp is not null;

    private static DateTimeOffset? EndOf(Document pod) =>
        pod.Root.Items("status", "containerStatuses").Select(container => container.Time("state", "terminated", "finishedAt")).Max() ?? pod.Metadata.CreationTimestamp;
}
