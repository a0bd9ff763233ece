using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>
/// The one way to touch a cluster, real or embedded. Creates are idempotent by name, deletes are fenced by uid, nothing is polled:
/// what is there is known from <see cref="IClusterView"/>.
/// </summary>
public interface ICluster
{
    /// <summary>What objects and namespaces call it in <see cref="Core.WellKnown.ClusterAnnotation"/>.</summary>
    string Name { get; }

    /// <summary>The cluster deletes the children of an object that is gone by itself; otherwise that is left to us.</summary>
    bool CollectsGarbage { get; }

    IClusterView View { get; }

    Task<CreateOutcome> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken);

    /// <summary>Brings the object of exactly this uid to what <paramref name="item"/> says; what that does not mention stays.</summary>
    Task<ChangeResult> UpdateAsync(IKubernetesObject<V1ObjectMeta> item, string uid, CancellationToken cancellationToken);

    /// <summary>Deletes the object of exactly this uid; one that is gone already counts as deleted.</summary>
    Task<ChangeResult> DeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken);

    /// <summary>Lets the object of exactly this uid go on without an owner; it is not seen any more afterwards.</summary>
    Task<ChangeResult> DisownAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken);

    /// <summary>The same as a delete, without waiting for a graceful end: for pods whose kubelet is lost.</summary>
    Task<ChangeResult> ForceDeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken);

    /// <summary>Records an event about an object. Never fails the caller: events are best effort, aggregated when they repeat.</summary>
    void Record(ObjectEvent objectEvent);
}

/// <summary>What a create did.</summary>
public abstract record CreateOutcome
{
    public sealed record Created(string Uid) : CreateOutcome;

    /// <summary>An object of that name is there; ours when <paramref name="OwnerUid"/> is our object's uid.</summary>
    public sealed record AlreadyExists(string Uid, string OwnerUid) : CreateOutcome;

    /// <summary>Refused for good until something changes (403, 422 ...).</summary>
    public sealed record Refused(string Message) : CreateOutcome;

    /// <summary>The cluster has no such namespace, and it could not be made; an event could not be recorded there either.</summary>
    public sealed record NamespaceMissing(string Message) : CreateOutcome;

    /// <summary>The cluster did not answer or is overloaded: the same call may work later.</summary>
    public sealed record Unavailable(string Message, TimeSpan? RetryAfter) : CreateOutcome;
}

/// <summary>What an update or a delete did.</summary>
public abstract record ChangeResult
{
    public sealed record Accepted : ChangeResult;

    public sealed record Gone : ChangeResult;

    public sealed record Failed(string Message) : ChangeResult;

    /// <summary>The cluster did not answer or is overloaded: the same call may work later.</summary>
    public sealed record Unavailable(string Message) : ChangeResult;
}

/// <summary>The children of our objects as list+watch has seen them. Level-triggered: it may lag, never lie about order.</summary>
public interface IClusterView
{
    /// <summary>False until the first list of pods and services has come in: nothing may be decided before.</summary>
    bool Synced { get; }

    /// <summary>Why the cluster is unreachable; null while it answers.</summary>
    string? Trouble { get; }

    /// <summary>Pods whose controller is the object of this key and uid, by name.</summary>
    IReadOnlyList<ObservedPod> PodsOf(ResourceKey owner, string ownerUid);

    IReadOnlyList<ObservedService> ServicesOf(ResourceKey owner, string ownerUid);

    /// <summary>The first list of this further kind has come in, or the cluster does not know it.</summary>
    bool HasSynced(ChildKind kind);

    /// <summary>The cluster does not serve this further kind, or not to us.</summary>
    bool IsUnknown(ChildKind kind);

    /// <summary>Children of all further kinds that are observed.</summary>
    IReadOnlyList<ObservedChild> ChildrenOf(ResourceKey owner, string ownerUid);

    /// <summary>Children of all kinds of every object that has or had this key.</summary>
    IReadOnlyList<ChildReference> AllOf(ResourceKey owner);

    /// <summary>
    /// Keys of owners to look at; one reader. Those whose children changed, after a relist every owner with children, and when the cluster
    /// became unreachable or came back everybody concerned.
    /// </summary>
    IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken);

    /// <summary>Has the owner come in <see cref="ChangedOwnersAsync"/> when the cluster answers and its lists are in: at once if they are.</summary>
    void TellWhenUsable(ResourceKey owner);
}

/// <summary>A child, as far as it matters for letting it go.</summary>
public sealed record ChildReference(ChildKind Kind, string Name, string Uid, string OwnerUid, bool Terminating);

/// <summary>An event to record about an object.</summary>
/// <param name="Type">Normal or Warning.</param>
/// <param name="Component">Who says it, for example <c>tfjob-controller</c>.</param>
public sealed record ObjectEvent(ObjectReference About, string Type, string Reason, string Message, string Component);

/// <summary>Which object an event is about.</summary>
public sealed record ObjectReference(string ApiVersion, string Kind, string Namespace, string Name, string Uid, string ResourceVersion);
