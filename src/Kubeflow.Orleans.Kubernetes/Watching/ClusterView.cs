using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>Our children in one cluster, kept by list+watch, indexed by the uid of their owner.</summary>
internal sealed class ClusterView : IClusterView
{
    private readonly ChangedOwners changed = new();

    public ClusterView(IEnumerable<ChildKind> kinds)
    {
        Pods = new ChildIndex<ObservedPod>(ObservedReader.Pod, pod => pod.Uid, pod => pod.OwnerUid, changed);
        Services = new ChildIndex<ObservedService>(ObservedReader.Service, service => service.Uid, service => service.OwnerUid, changed);
        Children = kinds.Distinct().ToFrozenDictionary(
            kind => kind, kind => new ChildIndex<ObservedChild>(item => ObservedReader.Child(kind, item), child => child.Uid, child => child.OwnerUid, changed));
    }

    public ChildIndex<ObservedPod> Pods { get; }

    public ChildIndex<ObservedService> Services { get; }

    public FrozenDictionary<ChildKind, ChildIndex<ObservedChild>> Children { get; }

    public bool Synced => Pods.Synced && Services.Synced;

    public IReadOnlyList<ObservedPod> PodsOf(string ownerUid) => Pods.Of(ownerUid);

    public IReadOnlyList<ObservedService> ServicesOf(string ownerUid) => Services.Of(ownerUid);

    public bool HasSynced(ChildKind kind) => Children.TryGetValue(kind, out var index) && (index.Synced || index.Unknown);

    public bool IsUnknown(ChildKind kind) => Children.TryGetValue(kind, out var index) && index.Unknown;

    public IReadOnlyList<ObservedChild> ChildrenOf(string ownerUid) => [.. Children.Values.SelectMany(index => index.Of(ownerUid))];

    public IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken) => changed.ReadAsync(cancellationToken);
}

/// <summary>One kind of children. Written by one watch loop, read by every grain.</summary>
internal sealed class ChildIndex<T>(Func<JsonElement, T> read, Func<T, string> uidOf, Func<T, string> ownerOf, ChangedOwners changed) : IListWatchTarget
    where T : class
{
    private readonly ConcurrentDictionary<string, ImmutableSortedDictionary<string, T>> byOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string OwnerUid, ResourceKey Owner)> owners = new(StringComparer.Ordinal);
    private volatile bool synced;
    private volatile bool unknown;

    public bool Synced => synced;

    /// <summary>The cluster refuses to list this kind. What is known of it stays: the refusal may pass.</summary>
    public bool Unknown => unknown;

    public IReadOnlyList<T> Of(string ownerUid) => byOwner.TryGetValue(ownerUid, out var children) ? [.. children.Values] : [];

    public void Replace(IReadOnlyList<JsonElement> items)
    {
        var present = items.Select(item => new MetadataView(item).Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, _) in owners.Where(entry => !present.Contains(entry.Key)).ToList())
        {
            Remove(uid);
        }

        foreach (var item in items)
        {
            Set(item);
        }

        synced = true;
        unknown = false;
    }

    public void Refuse() => unknown = true;

    public void Set(JsonElement item)
    {
        var child = read(item);
        var ownerUid = ownerOf(child);
        if (OwnerKey(item) is not { } owner)
        {
            return;
        }

        owners[uidOf(child)] = (ownerUid, owner);
        var none = ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
        byOwner[ownerUid] = byOwner.GetValueOrDefault(ownerUid, none).SetItem(NameOf(item), child);
        changed.Add(owner);
    }

    public void Remove(JsonElement item) => Remove(new MetadataView(item).Uid);

    private void Remove(string uid)
    {
        if (!owners.Remove(uid, out var known))
        {
            return;
        }

        if (byOwner.TryGetValue(known.OwnerUid, out var children))
        {
            var rest = children.RemoveRange(children.Where(child => uidOf(child.Value) == uid).Select(child => child.Key));
            if (rest.IsEmpty)
            {
                byOwner.TryRemove(known.OwnerUid, out _);
            }
            else
            {
                byOwner[known.OwnerUid] = rest;
            }
        }

        changed.Add(known.Owner);
    }

    private static string NameOf(JsonElement item) => new MetadataView(item).Name;

    private static ResourceKey? OwnerKey(JsonElement item)
    {
        var metadata = new MetadataView(item);
        return metadata.Labels.TryGetValue(WellKnown.OwnerResourceLabel, out var resource) && metadata.Controller is { } owner
            ? new ResourceKey(resource, metadata.Namespace, owner.Name)
            : null;
    }
}
