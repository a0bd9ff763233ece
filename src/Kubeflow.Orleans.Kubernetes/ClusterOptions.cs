using System.Collections.Immutable;
using System.Globalization;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Kubernetes.Ownership;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>How a cluster is driven.</summary>
/// <param name="Name">What objects call it.</param>
public sealed record ClusterOptions(string Name, ChildOwnership Ownership)
{
    /// <summary>The kinds that are observed beside pods and services.</summary>
    public ImmutableArray<ChildKind> Kinds { get; init; } = [];

    /// <summary>The shards of <see cref="WellKnown.ShardLabel"/> whose children this process looks after; empty: all.</summary>
    public ImmutableArray<int> Shards { get; init; } = [];

    internal string Selector => Shards.IsEmpty
        ? Ownership.Selector
        : $"{Ownership.Selector},{WellKnown.ShardLabel} in ({string.Join(',', Shards.Select(shard => shard.ToString(CultureInfo.InvariantCulture)))})";
}
