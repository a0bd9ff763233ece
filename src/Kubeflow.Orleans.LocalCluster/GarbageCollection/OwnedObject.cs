using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Resources;
using Policies = Kubeflow.Orleans.ApiServer.Resources.GarbageCollection;

namespace Kubeflow.Orleans.LocalCluster.GarbageCollection;

/// <summary>What garbage collection keeps of an object.</summary>
internal sealed record OwnedObject(ResourceKey Key, string Uid, long Version)
{
    public ImmutableArray<OwnerReference> Owners { get; init; } = [];

    public ImmutableArray<string> Finalizers { get; init; } = [];

    public bool Deleting { get; init; }

    /// <summary>It waits for its dependents to go first.</summary>
    public bool DeletesDependentsFirst => Deleting && Finalizers.Contains(Policies.Foreground);

    /// <summary>It goes, but its dependents are to stay.</summary>
    public bool OrphansDependents => Deleting && Finalizers.Contains(Policies.Orphan);

    public static OwnedObject Read(ResourceKey key, Document document)
    {
        var metadata = document.Metadata;
        return new OwnedObject(key, metadata.Uid, metadata.ResourceVersion)
        {
            Owners = [.. metadata.OwnerReferences],
            Finalizers = [.. metadata.Finalizers],
            Deleting = metadata.DeletionTimestamp is not null,
        };
    }
}
