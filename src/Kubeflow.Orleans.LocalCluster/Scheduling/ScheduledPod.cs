using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>A pod as the scheduler knows it.</summary>
internal sealed record ScheduledPod(ResourceKey Key, string Uid, long Version, DateTimeOffset Created, PodDemand Demand)
{
    /// <summary>Empty while it waits for a node.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>The document to bind; kept only while the pod waits.</summary>
    public Document? Waiting { get; init; }

    /// <summary>The reasons (without counts) its status already gives; empty: none yet.</summary>
    public string Reported { get; init; } = "";
}
