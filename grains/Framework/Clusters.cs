using System.Collections.Immutable;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>The clusters this control plane drives, and which of them an object runs in.</summary>
internal sealed class Clusters(IEnumerable<ICluster> clusters, IResourceStore store)
{
    private const string Namespaces = "namespaces";

    /// <summary>In the order they were configured; the first is the one for objects that name none.</summary>
    public ImmutableArray<ICluster> All { get; } = [.. clusters];

    public ICluster Default => All[0];

    /// <summary>What the object says, else its namespace, else the first.</summary>
    public async ValueTask<ClusterChoice> ChooseAsync(Document document, CancellationToken cancellationToken)
    {
        if (NamedBy(document) is { } name)
        {
            return Find(name);
        }

        if (All.Length == 1)
        {
            return new ClusterChoice(Default.Name, Default);
        }

        var @namespace = await store.GetAsync(new ResourceKey(Namespaces, "", document.Metadata.Namespace), cancellationToken);
        return @namespace is not null && NamedBy(@namespace.Document) is { } forAll ? Find(forAll) : new ClusterChoice(Default.Name, Default);
    }

    private static string? NamedBy(Document document) => document.Metadata.Annotations.GetValueOrDefault(WellKnown.ClusterAnnotation);

    private ClusterChoice Find(string name) => new(name, All.FirstOrDefault(cluster => cluster.Name == name));
}

/// <param name="Cluster">Null: there is none of that name.</param>
internal sealed record ClusterChoice(string Name, ICluster? Cluster);
