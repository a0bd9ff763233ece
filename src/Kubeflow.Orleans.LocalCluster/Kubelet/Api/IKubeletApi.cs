using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>All a kubelet wants of the API server.</summary>
public interface IKubeletApi
{
    ValueTask<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken);

    /// <param name="namespace">Null: all namespaces.</param>
    ValueTask<IReadOnlyList<Document>> ListAsync(string resource, string? @namespace, CancellationToken cancellationToken);

    /// <summary>
    /// The objects of a resource and every change since, in order, without end: first one <see cref="ObjectChange.Listed"/> with all
    /// there are (again after a gap), then single changes.
    /// </summary>
    IAsyncEnumerable<ObjectChange> WatchAsync(string resource, CancellationToken cancellationToken);

    /// <summary>Replaces the given fields of a pod's status; null when there is no pod of this uid any more.</summary>
    /// <param name="owned">Fields of status that are removed where <paramref name="status"/> has none.</param>
    Task<Document?> WriteStatusAsync(ResourceKey pod, string uid, JsonObject status, IReadOnlyList<string> owned, CancellationToken cancellationToken);

    /// <summary>The final removal: delete with grace period 0 and uid precondition. A pod that is gone counts as removed.</summary>
    Task RemovePodAsync(ResourceKey pod, string uid, CancellationToken cancellationToken);

    /// <summary>Best effort; equal events are counted, not repeated.</summary>
    void Record(PodEvent podEvent);
}

/// <summary>What a watch tells.</summary>
public abstract record ObjectChange
{
    public sealed record Listed(IReadOnlyList<Document> Objects) : ObjectChange;

    public sealed record Changed(Document Object) : ObjectChange;

    public sealed record Removed(Document Last) : ObjectChange;
}

/// <summary>An event about a pod or one of its containers.</summary>
/// <param name="FieldPath">For example <c>spec.containers{c}</c>; empty for the pod as a whole.</param>
/// <param name="Type">Normal or Warning.</param>
public sealed record PodEvent(Document Pod, string FieldPath, string Type, string Reason, string Message, string NodeName);
