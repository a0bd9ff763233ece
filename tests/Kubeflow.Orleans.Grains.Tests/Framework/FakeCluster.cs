using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>A cluster in memory: pods and other children by name, uids, fenced deletes; its view can be held back to imitate a slow watch.</summary>
internal sealed class FakeCluster : ICluster, IClusterView
{
    private readonly ConcurrentDictionary<string, ObservedPod> pods = new();
    private readonly ConcurrentDictionary<string, ObservedChild> children = new();
    private readonly Channel<ResourceKey> changed = Channel.CreateUnbounded<ResourceKey>();
    private ImmutableArray<ObservedPod>? held;

    public ConcurrentQueue<ObjectEvent> Events { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Answers the next creates with this instead of creating.</summary>
    public ConcurrentQueue<CreateOutcome> NextCreates { get; } = new();

    public bool RefusesDeletes { get; set; }

    /// <summary>Runs before a create takes effect: the place to crash at.</summary>
    public Action BeforeCreate { get; set; } = () => { };

    public string Name { get; init; } = "fake";

    public bool CollectsGarbage { get; init; } = true;

    public IClusterView View => this;

    public string? Trouble { get; set; }

    /// <summary>Who asked to be told when the cluster can be used again.</summary>
    public ConcurrentQueue<ResourceKey> Waiting { get; } = new();

    public bool Synced { get; set; } = true;

    public IReadOnlyCollection<ObservedPod> Pods => [.. pods.Values];

    public IReadOnlyList<ObservedPod> PodsOf(ResourceKey owner, string ownerUid) => [.. (held ?? [.. pods.Values]).Where(pod => pod.OwnerUid == ownerUid)];

    public IReadOnlyList<ObservedService> ServicesOf(ResourceKey owner, string ownerUid) => [];

    /// <summary>One object at a time lives here: all children are of its key.</summary>
    public IReadOnlyList<ChildReference> AllOf(ResourceKey owner) =>
    [
        .. pods.Values.Select(pod => new ChildReference(ChildKind.Of<V1Pod>(), pod.Name, pod.Uid, pod.OwnerUid, pod.Terminating)),
        .. children.Values.Select(child => new ChildReference(child.Kind, child.Name, child.Uid, child.OwnerUid, child.Terminating)),
    ];

    public void TellWhenUsable(ResourceKey owner) => Waiting.Enqueue(owner);

    public IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken) => changed.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Freezes what <see cref="PodsOf"/> shows until <see cref="Catch"/>.</summary>
    public void HoldView() => held = [.. pods.Values];

    public void Catch() => held = null;

    public void Set(ObservedPod pod)
    {
        pods[pod.Name] = pod;
        changed.Writer.TryWrite(new ResourceKey(pod.Labels[WellKnown.OwnerResourceLabel], pod.Namespace, pod.Labels["owner"]));
    }

    public bool HasSynced(ChildKind kind) => Synced;

    public bool IsUnknown(ChildKind kind) => UnknownKinds.Contains(kind);

    public HashSet<ChildKind> UnknownKinds { get; } = [];

    public IReadOnlyList<ObservedChild> ChildrenOf(ResourceKey owner, string ownerUid) => [.. children.Values.Where(child => child.OwnerUid == ownerUid)];

    public void Set(ObservedChild child) => children[child.Name] = child;

    public Task<CreateOutcome> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        BeforeCreate();
        Calls.Enqueue($"create {item.Metadata.Name}");
        if (NextCreates.TryDequeue(out var outcome))
        {
            return Task.FromResult(outcome);
        }

        var uid = Guid.NewGuid().ToString();
        var ownerUid = item.Metadata.OwnerReferences[0].Uid;
        if (item is V1Pod pod)
        {
            var created = new ObservedPod { Name = pod.Name(), Namespace = pod.Namespace(), Uid = uid, OwnerUid = ownerUid, Labels = pod.Labels().ToImmutableDictionary(), Phase = "Pending" };
            var winner = pods.GetOrAdd(pod.Name(), created);
            return Task.FromResult<CreateOutcome>(winner.Uid == uid ? new CreateOutcome.Created(uid) : new CreateOutcome.AlreadyExists(winner.Uid, winner.OwnerUid));
        }

        Set(Observe(item, uid, version: 1));
        return Task.FromResult<CreateOutcome>(new CreateOutcome.Created(uid));
    }

    /// <summary>Replaces where the real one merges: whoever relies on more than what was sent finds out.</summary>
    public Task<ChangeResult> UpdateAsync(IKubernetesObject<V1ObjectMeta> item, string uid, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"update {item.Metadata.Name}");
        if (!children.TryGetValue(item.Metadata.Name, out var child) || child.Uid != uid)
        {
            return Task.FromResult<ChangeResult>(new ChangeResult.Gone());
        }

        Set(Observe(item, uid, int.Parse(child.ResourceVersion, CultureInfo.InvariantCulture) + 1));
        return Task.FromResult<ChangeResult>(new ChangeResult.Accepted());
    }

    public Task<ChangeResult> DeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"delete {name}");
        if (RefusesDeletes)
        {
            return Task.FromResult<ChangeResult>(new ChangeResult.Failed("refused"));
        }

        var gone = kind == ChildKind.Of<V1Pod>()
            ? !pods.TryGetValue(name, out var pod) || pod.Uid != uid || !pods.TryRemove(name, out _)
            : !children.TryGetValue(name, out var child) || child.Uid != uid || !children.TryRemove(name, out _);
        return Task.FromResult<ChangeResult>(gone ? new ChangeResult.Gone() : new ChangeResult.Accepted());
    }

    public Task<ChangeResult> DisownAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"disown {name}");
        pods.TryRemove(name, out _);
        return Task.FromResult<ChangeResult>(new ChangeResult.Accepted());
    }

    public Task<ChangeResult> ForceDeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        DeleteAsync(kind, @namespace, name, uid, cancellationToken);

    public void Record(ObjectEvent objectEvent) => Events.Enqueue(objectEvent);

    private static ObservedChild Observe(IKubernetesObject<V1ObjectMeta> item, string uid, int version) => new()
    {
        Kind = ChildKind.Of(item),
        Name = item.Metadata.Name,
        Uid = uid,
        OwnerUid = item.Metadata.OwnerReferences[0].Uid,
        ResourceVersion = version.ToString(CultureInfo.InvariantCulture),
        Content = JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(item)),
    };
}
