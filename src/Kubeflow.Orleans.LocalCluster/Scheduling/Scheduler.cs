using System.Collections.Frozen;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>
/// Gives each waiting pod a node. Placements are written many at a time, each on the version it was decided on: whoever changed the
/// pod meanwhile wins, and the pod is looked at again.
/// </summary>
internal sealed class Scheduler(ChangeFollower follower, IResourceStore store, IEventRecorder events, TimeProvider time, ILogger<Scheduler> logger)
    : Controller(follower, logger)
{
    private const string Pods = "pods";
    private const string Nodes = "nodes";
    private const string PriorityClasses = "priorityclasses.scheduling.k8s.io";
    private const int BatchLimit = 512;

    private static readonly EventSource Source = new(PodDefaults.SchedulerName, Reporting: true);

    private readonly SchedulerState state = new();

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Pods, Nodes, PriorityClasses]);

    protected override void Forget() => state.Clear();

    protected override void Observe(Change change)
    {
        var deleted = change.Type == ChangeType.Deleted;
        switch (change.Key.Resource)
        {
            case Nodes when deleted:
                state.RemoveNode(change.Key.Name);
                break;
            case Nodes when change.Previous is null || !OnlyHeartbeat(change):
                state.SetNode(change.Document);
                break;
            case PriorityClasses when !deleted:
                state.SetPriorityClass(change.Key.Name, change.Document.Root.Integer("value") ?? 0);
                break;
            case Pods when deleted:
                state.RemovePod(change.Document.Metadata.Uid);
                break;
            case Pods:
                state.SetPod(change.Key, change.Document);
                break;
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        while (PlaceBatch() is { Count: > 0 } placements)
        {
            await BindAsync(placements, cancellationToken);
        }

        await ReportAsync(cancellationToken);
    }

    /// <summary>A heartbeat changes nothing a pod could wait for.</summary>
    private static bool OnlyHeartbeat(Change change) =>
        change.Previous is { } previous && Same(previous, change.Document, "spec") && Same(previous, change.Document, "metadata", "labels")
        && Same(previous, change.Document, "status", "allocatable");

    private static bool Same(Document left, Document right, params ReadOnlySpan<string> path) =>
        left.Root.At(path).ValueKind == right.Root.At(path).ValueKind
        && (left.Root.At(path).ValueKind == System.Text.Json.JsonValueKind.Undefined || left.Root.At(path).GetRawText() == right.Root.At(path).GetRawText());

    private List<Placement> PlaceBatch()
    {
        var placements = new List<Placement>();
        var candidates = state.Pending.Candidates();
        while (placements.Count < BatchLimit && candidates.TryDequeue(out var group, out _))
        {
            var (node, message) = state.Place(group.Demand);
            if (node is null)
            {
                group.Blocked = message;
                continue;
            }

            var pod = group.Head;
            state.Assume(pod, node);
            placements.Add(new Placement(pod, node));
            if (!group.IsEmpty)
            {
                candidates.Enqueue(group, group.Order);
            }
        }

        return placements;
    }

    private async Task BindAsync(List<Placement> placements, CancellationToken cancellationToken)
    {
        IReadOnlyList<WriteResult> results;
        try
        {
            var now = time.GetUtcNow();
            results = await store.WriteAsync(
                [.. placements.Select(placement => new UpdateOperation(placement.Pod.Key, placement.Pod.Version, PodScheduled.Bind(placement.Pod.Waiting!, placement.Node.Name, now)))],
                cancellationToken);
        }
        catch (Exception)
        {
            placements.ForEach(placement => state.Withdraw(placement.Pod, placement.Node, placement.Pod.Waiting));
            throw;
        }

        foreach (var (placement, result) in placements.Zip(results))
        {
            Conclude(placement, result);
        }
    }

    private void Conclude(Placement placement, WriteResult result)
    {
        var (pod, node) = placement;
        switch (result)
        {
            case Committed committed:
                state.SetPod(pod.Key, committed.Document);
                events.Record(new ClusterEvent(
                    InvolvedObject.Of(pod.Waiting!), ClusterEvent.Normal, "Scheduled", $"Successfully assigned {pod.Key.Namespace}/{pod.Key.Name} to {node.Name}", Source));
                break;
            case Conflict conflict:
                state.Withdraw(pod, node, conflict.Current);
                break;
            default:
                state.Withdraw(pod, node, null);
                break;
        }
    }

    /// <summary>Tells the pods that wait why they do, each reason once.</summary>
    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        List<Report> reports =
        [
            .. state.Gated.Values.Select(pod => new Report(pod, PodScheduled.Gated, "Scheduling is blocked due to non-empty scheduling gates")),
            .. state.Pending.Unreported().Select(entry => new Report(entry.Pod, "Unschedulable", entry.Message.ToString())),
        ];
        foreach (var batch in reports.Chunk(BatchLimit))
        {
            var now = time.GetUtcNow();
            var results = await store.WriteAsync(
                [.. batch.Select(report => new UpdateOperation(report.Pod.Key, report.Pod.Version, PodScheduled.Refuse(report.Pod.Waiting!, report.Reason, report.Message, now)))],
                cancellationToken);
            foreach (var (report, result) in batch.Zip(results))
            {
                Conclude(report, result);
            }
        }
    }

    private void Conclude(Report report, WriteResult result)
    {
        switch (result)
        {
            case Committed committed:
                state.SetPod(report.Pod.Key, committed.Document);
                if (report.Reason != PodScheduled.Gated)
                {
                    events.Record(new ClusterEvent(InvolvedObject.Of(report.Pod.Waiting!), ClusterEvent.Warning, "FailedScheduling", report.Message, Source));
                }

                break;
            case Conflict conflict:
                state.SetPod(report.Pod.Key, conflict.Current);
                break;
            default:
                state.RemovePod(report.Pod.Uid);
                break;
        }
    }

    private sealed record Placement(ScheduledPod Pod, NodeState Node);

    private sealed record Report(ScheduledPod Pod, string Reason, string Message);
}
