using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes.Ownership;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>One kind of children by owner. Written by one watch loop, read by every grain.</summary>
internal sealed class ChildIndex<T>(ChildKind kind, Func<JsonElement, T> read, ChildOwnership ownership, ChangedOwners changed) : IListWatchTarget
    where T : class
{
    private readonly ConcurrentDictionary<ResourceKey, ImmutableSortedDictionary<string, Entry>> byOwner = new();
    private readonly Dictionary<string, Known> known = new(StringComparer.Ordinal);
    private readonly RecentUids removed = new();
    private volatile bool synced;
    private volatile string? refusal;

    public bool Synced => synced;

    /// <summary>Why we may not look; null when we may.</summary>
    public string? Refusal => refusal;

    public ICollection<ResourceKey> Owners => byOwner.Keys;

    /// <summary>Those of exactly this owner, by name.</summary>
    public IReadOnlyList<T> Of(ResourceKey owner, string ownerUid) =>
        [.. EntriesOf(owner).Where(entry => entry.Reference.OwnerUid == ownerUid).Select(entry => entry.Child)];

    /// <summary>Those of every owner that has or had this key.</summary>
    public IEnumerable<ChildReference> AllOf(ResourceKey owner) => EntriesOf(owner).Select(entry => entry.Reference);

    public void Replace(IReadOnlyList<JsonElement> items)
    {
        var present = items.Select(item => new MetadataView(item).Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var uid in known.Keys.Where(uid => !present.Contains(uid)).ToList())
        {
            Remove(uid);
        }

        foreach (var item in items)
        {
            Put(item, new MetadataView(item));
        }

        refusal = null;
        synced = true;
        changed.AddWaiting();
    }

    public void Refuse(string message)
    {
        refusal = message;
        changed.AddWaiting();
    }

    public void Set(JsonElement item)
    {
        var metadata = new MetadataView(item);
        if (!IsStale(metadata))
        {
            Put(item, metadata);
        }
    }

    public void Remove(JsonElement item)
    {
        var uid = new MetadataView(item).Uid;
        removed.Add(uid);
        Remove(uid);
    }

    private void Put(JsonElement item, MetadataView metadata)
    {
        if (!metadata.Labels.TryGetValue(WellKnown.OwnerResourceLabel, out var resource) || ownership.OwnerOf(item) is not { } reference)
        {
            Remove(metadata.Uid);
            return;
        }

        var owner = new ResourceKey(resource, metadata.Namespace, reference.Name);
        if (known.TryGetValue(metadata.Uid, out var before) && before.Owner != owner)
        {
            Remove(metadata.Uid);
        }

        known[metadata.Uid] = new Known(owner, metadata.Name, metadata.ResourceVersion);
        var child = new ChildReference(kind, metadata.Name, metadata.Uid, reference.Uid, metadata.DeletionTimestamp is not null);
        byOwner[owner] = byOwner.GetValueOrDefault(owner, None).SetItem(metadata.Name, new Entry(child, read(ownership.Reveal(item))));
        changed.Add(owner);
    }

    private static ImmutableSortedDictionary<string, Entry> None { get; } = ImmutableSortedDictionary.Create<string, Entry>(StringComparer.Ordinal);

    private IEnumerable<Entry> EntriesOf(ResourceKey owner) => byOwner.TryGetValue(owner, out var entries) ? entries.Values : [];

    /// <summary>Events may come twice, and late: an object never goes back to an earlier version, and a uid that is gone never returns.</summary>
    private bool IsStale(MetadataView metadata) =>
        removed.Contains(metadata.Uid) || (known.TryGetValue(metadata.Uid, out var before) && metadata.ResourceVersion < before.Version);

    private void Remove(string uid)
    {
        if (!known.Remove(uid, out var gone))
        {
            return;
        }

        // A successor of the same name may have been seen already.
        if (byOwner.TryGetValue(gone.Owner, out var entries) && entries.TryGetValue(gone.Name, out var entry) && entry.Reference.Uid == uid)
        {
            var rest = entries.Remove(gone.Name);
            if (rest.IsEmpty)
            {
                byOwner.TryRemove(gone.Owner, out _);
            }
            else
            {
                byOwner[gone.Owner] = rest;
            }
        }

        changed.Add(gone.Owner);
    }

    private sealed record Entry(ChildReference Reference, T Child);

    private readonly record struct Known(ResourceKey Owner, string Name, long Version);

    /// <summary>The uids that went last.</summary>
    private sealed class RecentUids
    {
        private const int Remembered = 4096;

        private readonly HashSet<string> uids = new(StringComparer.Ordinal);
        private readonly Queue<string> order = new();

        public bool Contains(string uid) => uids.Contains(uid);

        public void Add(string uid)
        {
            if (!uids.Add(uid))
            {
                return;
            }

            order.Enqueue(uid);
            if (order.Count > Remembered)
            {
                uids.Remove(order.Dequeue());
            }
        }
    }
}
