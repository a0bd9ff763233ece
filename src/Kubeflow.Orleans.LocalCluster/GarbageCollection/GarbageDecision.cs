using Policies = Kubeflow.Orleans.ApiServer.Resources.GarbageCollection;

namespace Kubeflow.Orleans.LocalCluster.GarbageCollection;

/// <summary>What becomes of one object.</summary>
internal abstract record GarbageDecision
{
    public sealed record Keep : GarbageDecision;

    /// <param name="Policy">What becomes of its own dependents.</param>
    /// <param name="ForeignOwner">It names an owner in another namespace: worth a warning.</param>
    public sealed record Delete(string Policy, bool ForeignOwner) : GarbageDecision;

    /// <summary>Somebody still owns it: only the references to those who go are dropped.</summary>
    public sealed record DropOwners(IReadOnlySet<string> Uids) : GarbageDecision;

    /// <summary>Let it go: nothing it had to wait for is left.</summary>
    public sealed record RemoveFinalizer(string Finalizer) : GarbageDecision;

    /// <summary>Its dependents forget it, then it goes.</summary>
    public sealed record Orphan(IReadOnlyList<OwnedObject> Dependents) : GarbageDecision;

    /// <summary>Pure: the Kubernetes garbage collector's rules.</summary>
    public static GarbageDecision For(OwnedObject item, OwnershipGraph graph)
    {
        if (item.OrphansDependents)
        {
            return new Orphan([.. graph.DependentsOf(item.Uid)]);
        }

        if (item.DeletesDependentsFirst)
        {
            return graph.DependentsOf(item.Uid).Any(dependent => Blocks(dependent, item.Uid)) ? new Keep() : new RemoveFinalizer(Policies.Foreground);
        }

        return item.Deleting || item.Owners.Length == 0 ? new Keep() : ForDependent(item, graph);
    }

    private static GarbageDecision ForDependent(OwnedObject item, OwnershipGraph graph)
    {
        var states = item.Owners.Select(owner => (owner.Uid, State: graph.StateOf(item, owner))).ToList();
        var leaving = states.Where(owner => owner.State != OwnerState.Solid).Select(owner => owner.Uid).ToHashSet(StringComparer.Ordinal);
        if (leaving.Count < states.Select(owner => owner.Uid).Distinct().Count())
        {
            return leaving.Count == 0 ? new Keep() : new DropOwners(leaving);
        }

        var foreign = states.Any(owner => owner.State == OwnerState.Elsewhere);
        return states.Any(owner => owner.State == OwnerState.Waiting) && graph.HasDependents(item.Uid)
            ? new Delete("Foreground", foreign)
            : new Delete(OwnPolicy(item), foreign);
    }

    private static string OwnPolicy(OwnedObject item) =>
        item.Finalizers.Contains(Policies.Orphan) ? "Orphan" : item.Finalizers.Contains(Policies.Foreground) ? "Foreground" : "Background";

    private static bool Blocks(OwnedObject dependent, string ownerUid) =>
        dependent.Owners.Any(owner => owner.Uid == ownerUid && owner.BlockOwnerDeletion);
}
