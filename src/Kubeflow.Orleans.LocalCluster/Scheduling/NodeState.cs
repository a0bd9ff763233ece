using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>A node as the scheduler sees it: what it offers and what is taken.</summary>
internal sealed class NodeState(string name)
{
    private readonly Dictionary<string, int> hostPorts = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    /// <summary>False while only pods that name it are known, or when it has been deleted.</summary>
    public bool Exists { get; set; }

    public bool Unschedulable { get; private set; }

    public ImmutableArray<Taint> Taints { get; private set; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; private set; } = ImmutableDictionary<string, string>.Empty;

    public Amounts Allocatable { get; private set; } = new();

    public Amounts Taken { get; } = new();

    public void Update(JsonElement node)
    {
        Exists = true;
        Unschedulable = node.Flag("spec", "unschedulable");
        Taints = [.. node.Items("spec", "taints").Select(Taint.Read)];
        Labels = node.Fields("metadata", "labels").ToDictionary(label => label.Name, label => label.Value.Scalar(), StringComparer.Ordinal);
        Allocatable = Amounts.Read(node.Has("status", "allocatable") ? node.At("status", "allocatable") : node.At("status", "capacity"));
    }

    public void Take(PodDemand demand)
    {
        Taken.Add(demand.Requests);
        foreach (var port in demand.HostPorts)
        {
            hostPorts[port] = hostPorts.GetValueOrDefault(port) + 1;
        }
    }

    public void Release(PodDemand demand)
    {
        Taken.Subtract(demand.Requests);
        foreach (var port in demand.HostPorts)
        {
            hostPorts[port]--;
        }
    }

    public bool HasHostPort(string port) => hostPorts.GetValueOrDefault(port) > 0;
}
