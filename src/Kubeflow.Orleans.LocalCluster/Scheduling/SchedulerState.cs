using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>Where each pod is. Knows no store: documents come in, placements go out.</summary>
internal sealed class SchedulerState
{
    /// <summary>Feasible nodes looked at before the best of them is taken; more would cost time and gain little.</summary>
    private const int EnoughCandidates = 100;

    /// <summary>Demands remembered for sharing; beyond it sharing starts over, which only costs time.</summary>
    private const int RememberedDemands = 10_000;

    private readonly Dictionary<string, NodeState> nodes = new(StringComparer.Ordinal);
    private readonly List<NodeState> nodeOrder = [];
    private readonly Dictionary<string, ScheduledPod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PodDemand> demands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> priorityClasses = new(StringComparer.Ordinal);
    private int nextNode;

    public PendingPods Pending { get; } = new();

    /// <summary>Pods held back by scheduling gates whose status does not say so yet, by uid.</summary>
    public Dictionary<string, ScheduledPod> Gated { get; } = new(StringComparer.Ordinal);

    public void Clear()
    {
        nodes.Clear();
        nodeOrder.Clear();
        pods.Clear();
        demands.Clear();
        priorityClasses.Clear();
        Pending.Clear();
        Gated.Clear();
    }

    public void SetPriorityClass(string name, long value) => priorityClasses[name] = value;

    public void SetNode(Document document)
    {
        Node(document.Metadata.Name).Update(document.Root);
        Pending.Unblock();
    }

    public void RemoveNode(string name)
    {
        Node(name).Exists = false;
        Pending.Unblock();
    }

    /// <summary>Takes in a pod's newest state; an older one than known says nothing new.</summary>
    public void SetPod(ResourceKey key, Document document)
    {
        var pod = Read(key, document);
        if (pods.TryGetValue(pod.Uid, out var known))
        {
            if (known.Version >= pod.Version)
            {
                return;
            }

            Forget(known, freesCapacity: known.NodeName != pod.NodeName || IsFinished(document));
        }

        if (IsFinished(document))
        {
            return;
        }

        pods[pod.Uid] = pod;
        if (pod.NodeName.Length > 0)
        {
            Node(pod.NodeName).Take(pod.Demand);
        }
        else if (pod.Waiting is not null && document.Root.Items("spec", "schedulingGates").Any())
        {
            if (pod.Reported != PodScheduled.Gated)
            {
                Gated[pod.Uid] = pod;
            }
        }
        else if (pod.Waiting is not null)
        {
            Pending.Add(pod);
        }
    }

    public void RemovePod(string uid)
    {
        if (pods.TryGetValue(uid, out var known))
        {
            Forget(known, freesCapacity: true);
        }
    }

    /// <summary>Finds the best node; null with the reasons why when there is none.</summary>
    public (NodeState? Node, UnschedulableMessage Message) Place(PodDemand demand)
    {
        var message = new UnschedulableMessage();
        NodeState? best = null;
        var (bestScore, feasible) = (double.MinValue, 0);
        for (var step = 0; step < nodeOrder.Count && feasible < EnoughCandidates; step++)
        {
            var node = nodeOrder[(nextNode + step) % nodeOrder.Count];
            if (!node.Exists)
            {
                continue;
            }

            var obstacles = NodeFilter.Obstacles(demand, node);
            if (obstacles.Count > 0)
            {
                message.Add(obstacles);
                continue;
            }

            feasible++;
            var score = NodeFilter.Score(demand, node);
            (best, bestScore) = score > bestScore ? (node, score) : (best, bestScore);
        }

        nextNode = nodeOrder.Count == 0 ? 0 : (nextNode + 1) % nodeOrder.Count;
        return (best, message);
    }

    /// <summary>Counts the pod on the node before the store has heard of it, so that the next placement sees it.</summary>
    public void Assume(ScheduledPod pod, NodeState node)
    {
        Pending.Remove(pod);
        node.Take(pod.Demand);
        pods[pod.Uid] = pod with { NodeName = node.Name };
    }

    /// <summary>The store did not take the placement: what it holds instead counts.</summary>
    public void Withdraw(ScheduledPod pod, NodeState node, Document? current)
    {
        node.Release(pod.Demand);
        pods.Remove(pod.Uid);
        if (current is not null)
        {
            SetPod(pod.Key, current);
        }

        Pending.Unblock();
    }

    private void Forget(ScheduledPod pod, bool freesCapacity)
    {
        pods.Remove(pod.Uid);
        if (pod.NodeName.Length == 0)
        {
            Gated.Remove(pod.Uid);
            Pending.Remove(pod);
            return;
        }

        Node(pod.NodeName).Release(pod.Demand);
        if (freesCapacity)
        {
            Pending.Unblock();
        }
    }

    private ScheduledPod Read(ResourceKey key, Document document)
    {
        var (root, metadata) = (document.Root, document.Metadata);
        var nodeName = root.Text("spec", "nodeName");
        var waits = nodeName.Length == 0 && metadata.DeletionTimestamp is null && root.Text("spec", "schedulerName") is "" or PodDefaults.SchedulerName;
        return new ScheduledPod(key, metadata.Uid, metadata.ResourceVersion, metadata.CreationTimestamp ?? default, DemandOf(document))
        {
            NodeName = nodeName,
            Waiting = waits ? document : null,
            Reported = PodScheduled.ReasonsIn(root),
        };
    }

    private PodDemand DemandOf(Document document)
    {
        var className = document.Root.Text("spec", "priorityClassName");
        var priority = document.Root.Integer("spec", "priority") ?? priorityClasses.GetValueOrDefault(className);
        var signature = PodDemand.Signature(document.Root, priority);
        if (!demands.TryGetValue(signature, out var demand))
        {
            if (demands.Count >= RememberedDemands)
            {
                demands.Clear();
            }

            demands[signature] = demand = PodDemand.Read(document.Root, priority);
        }

        return demand;
    }

    private NodeState Node(string name)
    {
        if (!nodes.TryGetValue(name, out var node))
        {
            nodes[name] = node = new NodeState(name);
            nodeOrder.Add(node);
        }

        return node;
    }

    private static bool IsFinished(Document document) => document.Root.Text("status", "phase") is "Succeeded" or "Failed";
}
