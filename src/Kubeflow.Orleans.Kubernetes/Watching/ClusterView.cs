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

    public string? Trouble => health.Trouble;

    public IReadOnlyList<ObservedPod> PodsOf(ResourceKey owner, string ownerUid) => Pods.Of(owner, ownerUid);

    public IReadOnlyList<ObservedService> ServicesOf(ResourceKey owner, string ownerUid) => Services.Of(owner, ownerUid);

    public bool HasSynced(ChildKind kind) => Children.TryGetValue(kind, out var index) && index.Synced;

    public IReadOnlyList<ObservedChild> ChildrenOf(ResourceKey owner, string ownerUid) => [.. Children.Values.SelectMany(index => index.Of(owner, ownerUid))];

    public IReadOnlyList<ChildReference> AllOf(ResourceKey owner) =>
        [.. Pods.AllOf(owner), .. Services.AllOf(owner), .. Children.Values.SelectMany(index => index.AllOf(owner))];

    public IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken) => changed.ReadAsync(cancellationToken);

    public void TellWhenUsable(ResourceKey owner)
    {
        changed.AddLater(owner);
        if (health.Trouble is null && Synced && Children.Values.All(index => index.Synced))
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
