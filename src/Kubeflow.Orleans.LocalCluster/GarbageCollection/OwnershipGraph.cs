using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.GarbageCollection;

/// <summary>
/// Who owns whom, by uid. It is fed from one ordered log of all kinds, so an owner that is not here when its dependent comes is
/// gone for good (or of a kind nobody registered, which is left alone).
/// </summary>
internal sealed class OwnershipGraph(KindCatalog catalog)
{
    private readonly Dictionary<string, OwnedObject> objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> dependents = new(StringComparer.Ordinal);

    public void Clear()
    {
        objects.Clear();
        dependents.Clear();
    }

    public OwnedObject? Find(string uid) => objects.GetValueOrDefault(uid);

    public IEnumerable<OwnedObject> DependentsOf(string uid) =>
        dependents.TryGetValue(uid, out var found) ? found.Select(dependent => objects[dependent]) : [];

    public bool HasDependents(string uid) => dependents.ContainsKey(uid);

    /// <summary>Takes in the newest state and returns the uids that may need something done.</summary>
    public IReadOnlyList<string> Set(OwnedObject item)
    {
        var known = Find(item.Uid);
        Unlink(known);
        objects[item.Uid] = item;
        foreach (var owner in item.Owners)
        {
            if (!dependents.TryGetValue(owner.Uid, out var siblings))
            {
                dependents[owner.Uid] = siblings = new HashSet<string>(StringComparer.Ordinal);
            }

            siblings.Add(item.Uid);
        }

        var started = item.DeletesDependentsFirst && known?.DeletesDependentsFirst != true;
        var released = known?.Owners.Select(owner => owner.Uid).Where(uid => Find(uid)?.DeletesDependentsFirst == true) ?? [];
        return [item.Uid, .. released, .. started ? DependentsOf(item.Uid).Select(dependent => dependent.Uid) : []];
    }

    /// <summary>The object is gone; returns the uids that may need something done.</summary>
    public IReadOnlyList<string> Remove(string uid)
    {
        var known = Find(uid);
        Unlink(known);
        objects.Remove(uid);
        return [.. DependentsOf(uid).Select(dependent => dependent.Uid), .. known?.Owners.Select(owner => owner.Uid) ?? []];
    }

    public OwnerState StateOf(OwnedObject dependent, OwnerReference reference)
    {
        if (catalog.FindByApiVersion(reference.ApiVersion, reference.Kind) is null)
        {
            return OwnerState.Solid;
        }

        var owner = Find(reference.Uid);
        if (owner is null)
        {
            return OwnerState.Absent;
        }

        if (IsElsewhere(dependent, owner))
        {
            return OwnerState.Elsewhere;
        }

        return owner.DeletesDependentsFirst ? OwnerState.Waiting : OwnerState.Solid;
    }

    /// <summary>Owners stand in the same namespace or in none.</summary>
    private static bool IsElsewhere(OwnedObject dependent, OwnedObject owner) =>
        owner.Key.Namespace.Length > 0 && owner.Key.Namespace != dependent.Key.Namespace;

    private void Unlink(OwnedObject? item)
    {
        foreach (var owner in item?.Owners ?? [])
        {
            if (dependents.TryGetValue(owner.Uid, out var siblings) && siblings.Remove(item!.Uid) && siblings.Count == 0)
            {
                dependents.Remove(owner.Uid);
            }
        }
    }
}

internal enum OwnerState
{
    /// <summary>It exists and stays: the dependent is safe.</summary>
    Solid,

    Absent,

    /// <summary>In another namespace, which counts as absent.</summary>
    Elsewhere,

    /// <summary>It goes once its dependents are gone.</summary>
    Waiting,
}
