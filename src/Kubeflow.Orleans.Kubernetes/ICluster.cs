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
    IClusterView View { get; }

    Task<CreateOutcome> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken);

    /// <summary>Brings the object of exactly this uid to what <paramref name="item"/> says; what that does not mention stays.</summary>
    Task<ChangeResult> UpdateAsync(IKubernetesObject<V1ObjectMeta> item, string uid, CancellationToken cancellationToken);

    /// <summary>Deletes the object of exactly this uid; one that is gone already counts as deleted.</summary>
    Task<ChangeResult> DeleteAsync(ChildKind kind, string @namespace, string name, string uid, CancellationToken cancellationToken);

    /// <summary>The same without waiting for a graceful end: for pods whose kubelet is lost.</summary>
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

    /// <summary>The cluster did not answer or is overloaded: the same call may work later.</summary>
    public sealed record Unavailable(string Message, TimeSpan? RetryAfter) : CreateOutcome;
}

/// <summary>What an update or a delete did.</summary>
public abstract record ChangeResult
{
    public sealed record Accepted : ChangeResult;

    public sealed record Gone : ChangeResult;

    public sealed record Failed(string Message) : ChangeResult;
}

/// <summary>The children of our objects as list+watch has seen them. Level-triggered: it may lag, never lie about order.</summary>
public interface IClusterView
{
    /// <summary>False until the first list of pods and services has come in: nothing may be decided before.</summary>
    bool Synced { get; }

    /// <summary>Pods whose controller owner reference has this uid, by name.</summary>
    IReadOnlyList<ObservedPod> PodsOf(string ownerUid);

    IReadOnlyList<ObservedService> ServicesOf(string ownerUid);

    /// <summary>The first list of this further kind has come in, or the cluster does not know it.</summary>
    bool HasSynced(ChildKind kind);

    /// <summary>The cluster does not serve this further kind, or not to us.</summary>
    bool IsUnknown(ChildKind kind);

    /// <summary>Children of all further kinds that are observed.</summary>
    IReadOnlyList<ObservedChild> ChildrenOf(string ownerUid);

    /// <summary>Keys of owners whose children changed; one reader. After a relist every owner with children comes once.</summary>
    IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken);
}

/// <summary>An event to record about an object.</summary>
/// <param name="Type">Normal or Warning.</param>
/// <param name="Component">Who says it, for example <c>tfjob-controller</c>.</param>
public sealed record ObjectEvent(ObjectReference About, string Type, string Reason, string Message, string Component);

/// <summary>Which object an event is about.</summary>
public sealed record ObjectReference(string ApiVersion, string Kind, string Namespace, string Name, string Uid, string ResourceVersion);
