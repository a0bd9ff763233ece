namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>Whether a pod may run on a node, and why not, in the scheduler's words. Pure.</summary>
internal static class NodeFilter
{
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly Taint UnschedulableTaint = new(Unschedulable, "", "NoSchedule");

    /// <summary>Why not; empty: it may. Only the first kind of obstacle is named, but all resources that are short.</summary>
    public static IReadOnlyList<Obstacle> Obstacles(PodDemand demand, NodeState node)
    {
        if (node.Unschedulable && !Tolerates(demand, UnschedulableTaint))
        {
            return [new Obstacle("node(s) were unschedulable", Permanent: true)];
        }

        foreach (var taint in node.Taints)
        {
            if (taint.Forbids && !Tolerates(demand, taint))
            {
                return [new Obstacle("node(s) had untolerated taint(s)", Permanent: true)];
            }
        }

        if (!demand.Requirement.Matches(node.Name, node.Labels))
        {
            return [new Obstacle("node(s) didn't match Pod's node affinity/selector", Permanent: true)];
        }

        return demand.HostPorts.Any(node.HasHostPort)
            ? [new Obstacle("node(s) didn't have free ports for the requested pod ports", Permanent: false)]
            : Shortages(demand, node);
    }

    /// <summary>The share of CPU and memory that would stay free, 0 to 1: emptier nodes come first.</summary>
    public static double Score(PodDemand demand, NodeState node) => (Free(Amounts.Cpu, demand, node) + Free(Amounts.Memory, demand, node)) / 2;

    private static IReadOnlyList<Obstacle> Shortages(PodDemand demand, NodeState node)
    {
        List<Obstacle>? shortages = null;
        foreach (var (name, requested) in demand.Requests.All)
        {
            var allocatable = node.Allocatable[name];
            if (requested > 0 && requested > allocatable - node.Taken[name])
            {
                (shortages ??= []).Add(new Obstacle(name == Amounts.Pods ? "Too many pods" : $"Insufficient {name}", Permanent: requested > allocatable));
            }
        }

        return shortages ?? (IReadOnlyList<Obstacle>)[];
    }

    private static double Free(string name, PodDemand demand, NodeState node)
    {
        var allocatable = node.Allocatable[name];
        return allocatable == 0 ? 0 : (allocatable - node.Taken[name] - demand.Requests[name]) / (double)allocatable;
    }

    private static bool Tolerates(PodDemand demand, Taint taint) => demand.Tolerations.Any(toleration => toleration.Tolerates(taint));
}

/// <summary>Why a node is out of the question.</summary>
/// <param name="Permanent">Not even removing every other pod from the node would help.</param>
internal sealed record Obstacle(string Reason, bool Permanent);
