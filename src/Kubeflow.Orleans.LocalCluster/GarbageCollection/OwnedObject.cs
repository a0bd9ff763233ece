using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.GarbageCollection;

/// <summary>What garbage collection keeps of an object.</summary>
internal sealed record OwnedObject(ResourceKey Key, string Uid, long Version)
{
    public ImmutableArray<OwnerReference> Owners { get; init; } = [];

    public ImmutableArray<string> Finalizers { get; init; } = [];

    public bool Deleting { get; init; }

    /// <summary>It waits for its dependents to go first.</summary>
    public bool DeletesDependentsFirst => Deleting && Finalizers.Contains(GarbagePolicies.Foreground);

    /// <summary>It goes, but its dependents are to stay.</summary>
    public bool OrphansDependents => Deleting && Finalizers.Contains(GarbagePolicies.Orphan);

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

/// <summary>The finalizers by which a delete says what becomes of dependents.</summary>
internal static class GarbagePolicies
{
    public const string Foreground = "foregroundDeletion";
    public const string Orphan = "orphan";
}
