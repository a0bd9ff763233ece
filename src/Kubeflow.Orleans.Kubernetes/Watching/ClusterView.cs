using System.Collections.Frozen;
using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes.Connection;
using Kubeflow.Orleans.Kubernetes.Ownership;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>Our children in one cluster, kept by list+watch, indexed by their owner.</summary>
internal sealed class ClusterView : IClusterView
{
    private readonly ChangedOwners changed = new();
    private readonly ClusterHealth health;

    public ClusterView(IEnumerable<ChildKind> kinds, ChildOwnership ownership, ClusterHealth health)
    {
        this.health = health;
        Pods = Index(ChildKind.Of<V1Pod>(), ObservedReader.Pod);
        Services = Index(ChildKind.Of<V1Service>(), ObservedReader.Service);
        Children = kinds.Distinct().ToFrozenDictionary(kind => kind, kind => Index(kind, item => ObservedReader.Child(kind, item)));
        health.Changed += LookAtAll;

        ChildIndex<T> Index<T>(ChildKind kind, Func<JsonElement, T> read)
            where T : class => new(kind, read, ownership, changed);
    }

    public ChildIndex<ObservedPod> Pods { get; }

    public ChildIndex<ObservedService> Services { get; }

    public FrozenDictionary<ChildKind, ChildIndex<ObservedChild>> Children { get; }

    public bool Synced => Pods.Synced && Services.Synced;

    public string? Trouble => health.Trouble ?? Pods.Refusal ?? Services.Refusal;

    public IReadOnlyList<ObservedPod> PodsOf(ResourceKey owner, string ownerUid) => Pods.Of(owner, ownerUid);

    public IReadOnlyList<ObservedService> ServicesOf(ResourceKey owner, string ownerUid) => Services.Of(owner, ownerUid);

    /// <summary>What we may not see we may not make either: whoever needs it is told when it is refused.</summary>
    public bool HasSynced(ChildKind kind) => Children.TryGetValue(kind, out var index) && (index.Synced || index.Refusal is not null);

    public bool IsUnknown(ChildKind kind) => Children.TryGetValue(kind, out var index) && index.Refusal is not null;

    public IReadOnlyList<ObservedChild> ChildrenOf(ResourceKey owner, string ownerUid) => [.. Children.Values.SelectMany(index => index.Of(owner, ownerUid))];

    public IReadOnlyList<ChildReference> AllOf(ResourceKey owner) =>
    [
        // A kind may be observed twice: for what pods need of it, and as a further kind.
        .. Pods.AllOf(owner).Concat(Services.AllOf(owner)).Concat(Children.Values.SelectMany(index => index.AllOf(owner))).DistinctBy(child => child.Uid),
    ];

    public IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken) => changed.ReadAsync(cancellationToken);

    public void TellWhenUsable(ResourceKey owner)
    {
        changed.AddLater(owner);
        if (Trouble is null && Synced && Children.Keys.All(HasSynced))
        {
            changed.AddWaiting();
        }
    }

    /// <summary>The cluster went or came back: that concerns everybody who has something there or waits for it.</summary>
    private void LookAtAll()
    {
        foreach (var owner in Pods.Owners.Concat(Services.Owners))
        {
            changed.Add(owner);
        }

        if (health.Trouble is null)
        {
            changed.AddWaiting();
        }
    }
}
