using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>
/// The Kubernetes object semantics over the store, without HTTP: naming, defaulting, validation, generation, status subresource,
/// finalizers, graceful deletion, conflict rules. The HTTP endpoints and the embedded cluster's controllers both go through here.
/// Refusals are thrown as <see cref="StatusException"/>.
/// </summary>
public interface IResourceService
{
    /// <param name="version">The version of the request's URL, for example <c>v1</c>.</param>
    Task<Document> CreateAsync(ResourceKind kind, string version, string @namespace, JsonObject body, RequestOptions options, CancellationToken cancellationToken);

    /// <exception cref="StatusException">404 when there is none.</exception>
    Task<Document> GetAsync(ResourceKind kind, string @namespace, string name, CancellationToken cancellationToken);

    Task<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken);

    Task<ListPage> ListAsync(ListQuery query, CancellationToken cancellationToken);

    /// <param name="subresource">Empty, <c>status</c> or <c>scale</c>.</param>
    Task<Document> UpdateAsync(ResourceKind kind, string version, string @namespace, string name, JsonObject body, string subresource, RequestOptions options, CancellationToken cancellationToken);

    Task<Document> PatchAsync(ResourceKind kind, string version, string @namespace, string name, PatchRequest patch, string subresource, RequestOptions options, CancellationToken cancellationToken);

    Task<DeleteOutcome> DeleteAsync(ResourceKind kind, string @namespace, string name, DeleteRequest request, RequestOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Read, change, write, again on conflict: what controllers use. The change may touch spec, metadata and status at once; it
    /// returns false to leave the object alone. Null when the object is gone. Validation is skipped: the caller is our own code.
    /// </summary>
    Task<Document?> ModifyAsync(ResourceKey key, Func<JsonObject, bool> change, CancellationToken cancellationToken);
}

/// <summary>What the query string of a write says.</summary>
public sealed record RequestOptions
{
    public static RequestOptions Default { get; } = new();

    public bool DryRun { get; init; }

    /// <summary>Ignore, Warn or Strict.</summary>
    public string FieldValidation { get; init; } = "Warn";

    /// <summary>Who writes, as managedFields shall name it; empty for our own controllers, whose writes are not tracked.</summary>
    public string FieldManager { get; init; } = "";

    public bool Force { get; init; }

    /// <summary>Paths of fields the body gives twice, found while it was read.</summary>
    public IReadOnlyList<string> DuplicateFields { get; init; } = [];

    /// <summary>Collects the texts of <c>Warning</c> headers; a write tried again says the same again, so give it a set.</summary>
    public ICollection<string>? Warnings { get; init; }
}

public enum PatchType
{
    JsonPatch,
    MergePatch,
    StrategicMergePatch,
    Apply,
}

public sealed record PatchRequest(PatchType Type, JsonNode Body);

/// <summary>DeleteOptions.</summary>
public sealed record DeleteRequest
{
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Background, Foreground or Orphan; empty: the default, Background.</summary>
    public string PropagationPolicy { get; init; } = "";

    public string? PreconditionUid { get; init; }

    public string? PreconditionResourceVersion { get; init; }
}

/// <summary>What a delete did.</summary>
/// <param name="Document">The object as it is now (with deletionTimestamp) or as it was last.</param>
/// <param name="Removed">Gone from the store; false: waiting for finalizers or a graceful end.</param>
public sealed record DeleteOutcome(Document Document, bool Removed);
