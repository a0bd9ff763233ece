using System.Collections.Frozen;
using System.Globalization;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.LocalCluster.Simulation;

/// <summary>
/// The kubelet of all simulated nodes at once: pods bound to them go through their phases by the clock. What is due is written many
/// at a time, each on the version it was decided on.
/// </summary>
internal sealed class Simulator(ChangeFollower follower, IResourceStore store, LocalClusterOptions options, TimeProvider time, ILogger<Simulator> logger)
    : Controller(follower, logger)
{
    private const string Pods = "pods";
    private const string Nodes = "nodes";
    private const int BatchLimit = 512;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    private readonly HashSet<string> simulatedNodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedPod> pods = new(StringComparer.Ordinal);
    private readonly PriorityQueue<SimulatedPod, DateTimeOffset> due = new();
    private readonly List<Document> uninitialized = [];
    private uint addresses;

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Pods, Nodes]);

    protected override TimeSpan MaximumWait
    {
        get
        {
            if (!due.TryPeek(out _, out var next))
            {
                return Idle;
            }

            var wait = next - time.GetUtcNow();
            return wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait;
        }
    }

    protected override void Forget()
    {
        simulatedNodes.Clear();
        pods.Clear();
        due.Clear();
        uninitialized.Clear();
    }

    protected override void Observe(Change change)
    {
        if (change.Key.Resource == Nodes)
        {
            ObserveNode(change);
        }
        else if (change.Type == ChangeType.Deleted)
        {
            pods.Remove(change.Document.Metadata.Uid);
        }
        else if (change.Document.Root.Text("spec", "nodeName") is { Length: > 0 } nodeName && simulatedNodes.Contains(nodeName))
        {
            ObservePod(change.Key, change.Document);
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        foreach (var batch in uninitialized.Chunk(BatchLimit))
        {
            // A node that was changed meanwhile is not overwritten; its change brings it back.
            await store.WriteAsync([.. batch.Select(node => SimulatedNodes.Initialize(node, time.GetUtcNow()))], cancellationToken);
        }

        uninitialized.Clear();
        while (TakeDue() is { Count: > 0 } transitions)
        {
            await WriteAsync(transitions, cancellationToken);
        }
    }

    private void ObserveNode(Change change)
    {
        if (change.Type == ChangeType.Deleted || !SimulatedNodes.IsSimulated(change.Document))
        {
            simulatedNodes.Remove(change.Key.Name);
            return;
        }

        simulatedNodes.Add(change.Key.Name);
        if (!SimulatedNodes.IsInitialized(change.Document))
        {
            uninitialized.Add(change.Document);
        }
    }

    private void ObservePod(ResourceKey key, Document document)
    {
        var uid = document.Metadata.Uid;
        if (!pods.TryGetValue(uid, out var pod))
        {
            pods[uid] = pod = new SimulatedPod(key, uid);
        }

        if (pod.Document is { } known && known.Metadata.ResourceVersion >= document.Metadata.ResourceVersion)
        {
            return;
        }

        pod.Document = document;
        Plan(pod);
    }

    private void Replan(SimulatedPod pod)
    {
        pod.Step = SimulatedStep.None;
        Plan(pod);
    }

    private void Plan(SimulatedPod pod)
    {
        var step = SimulatedPods.NextStep(pod.Document!);
        if (step == pod.Step)
        {
            return;
        }

        pod.Step = step;
        var now = time.GetUtcNow();
        pod.Due = step switch
        {
            SimulatedStep.Start => now + (StableHash.Of(pod.Uid) % 1000 / 1000.0 * options.SimulatedStart),
            SimulatedStep.Finish => (pod.Started ?? pod.Document!.Root.Time("status", "startTime") ?? now) + SimulatedPods.Duration(pod.Document!, options.SimulatedDuration),
            _ => now,
        };
        if (step != SimulatedStep.None)
        {
            due.Enqueue(pod, pod.Due);
        }
    }

    private List<Transition> TakeDue()
    {
        var now = time.GetUtcNow();
        var batch = new List<Transition>();
        while (batch.Count < BatchLimit && due.TryPeek(out var pod, out var at) && at <= now)
        {
            due.Dequeue();

            // An entry counts only while it is still the pod's plan.
            if (pods.ContainsKey(pod.Uid) && pod.Due == at && pod.Step != SimulatedStep.None)
            {
                batch.Add(new Transition(pod, Operation(pod, now)));
            }
        }

        return batch;
    }

    private WriteOperation Operation(SimulatedPod pod, DateTimeOffset now)
    {
        var document = pod.Document!;
        var version = document.Metadata.ResourceVersion;
        return pod.Step switch
        {
            SimulatedStep.Start => new UpdateOperation(pod.Key, version, SimulatedPods.Start(document, "127.0.0.1", NextAddress(), now)),
            SimulatedStep.Finish => new UpdateOperation(pod.Key, version, SimulatedPods.Finish(document, now)),
            SimulatedStep.Terminate => new UpdateOperation(pod.Key, version, SimulatedPods.Terminate(document, now)),
            _ => SimulatedPods.Remove(pod.Key, document),
        };
    }

    private async Task WriteAsync(List<Transition> batch, CancellationToken cancellationToken)
    {
        IReadOnlyList<WriteResult> results;
        try
        {
            results = await store.WriteAsync([.. batch.Select(transition => transition.Operation)], cancellationToken);
        }
        catch (Exception)
        {
            batch.ForEach(transition => Replan(transition.Pod));
            throw;
        }

        foreach (var (transition, result) in batch.Zip(results))
        {
            var pod = transition.Pod;
            switch (result)
            {
                case Committed when transition.Operation is DeleteOperation:
                case NotFound:
                    pods.Remove(pod.Uid);
                    break;
                case Committed committed:
                    pod.Started = pod.Step is SimulatedStep.Start or SimulatedStep.Finish ? time.GetUtcNow() : pod.Started;
                    pod.Step = SimulatedStep.None;
                    ObservePod(pod.Key, committed.Document);
                    break;
                case Conflict conflict:
                    pod.Step = SimulatedStep.None;
                    ObservePod(pod.Key, conflict.Current);
                    break;
            }
        }
    }

    /// <summary>10.128.0.0/9, round and round: nobody listens there, the addresses only have to differ.</summary>
    private string NextAddress()
    {
        var number = 0x0A800000u | (addresses++ & 0x7FFFFF);
        return string.Create(CultureInfo.InvariantCulture, $"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}");
    }

    private sealed class SimulatedPod(ResourceKey key, string uid)
    {
        public ResourceKey Key { get; } = key;

        public string Uid { get; } = uid;

        public Document? Document { get; set; }

        public SimulatedStep Step { get; set; }

        public DateTimeOffset Due { get; set; }

        public DateTimeOffset? Started { get; set; }
    }

    private sealed record Transition(SimulatedPod Pod, WriteOperation Operation);
}
