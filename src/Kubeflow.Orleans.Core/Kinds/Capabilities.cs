using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Core.Kinds;

/// <summary>A grain looks after objects of this kind: each change of one asks for its attention at once.</summary>
public interface IReconciledKind
{
    /// <summary>Whether this object is ours to look after; one that names another controller is only kept.</summary>
    bool Concerns(JsonElement document) => true;
}

/// <summary>The programs of such an object may report <c>status.trainerStatus</c> themselves, through its subresource <c>progress</c>.</summary>
public interface IReportsProgress;

/// <summary>
/// A kind of Kubernetes itself: strategic merge patches are accepted, updates need no resourceVersion unless
/// <see cref="RequiresResourceVersion"/>, POST to an item is refused.
/// </summary>
public interface IBuiltInKind
{
    bool RequiresResourceVersion => false;

    /// <summary>PUT of a missing object creates it (services, events, leases ...).</summary>
    bool CreateOnUpdate => false;

    /// <summary>A create may bring the status along: who registers a node says what it offers.</summary>
    bool StatusOnCreate => false;

    /// <summary>Whether <c>metadata.generation</c> counts changes; kinds without a spec (config maps ...) and namespaces have none.</summary>
    bool HasGeneration => true;
}

/// <summary>Deletion is a request first (pods): somebody else finishes it by deleting again with grace 0.</summary>
public interface IGracefulDeletion
{
    /// <summary>Seconds until the object may be removed; 0 removes at once.</summary>
    long GracePeriodSeconds(Document document, long? requested);
}

/// <summary>Computes its own table rows (pods, services, events ...) where JSON paths do not reach.</summary>
public interface ITableRows
{
    /// <summary>The cells after NAME, in the order of the version's columns.</summary>
    IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now);

    /// <summary>Row conditions, for example Completed; usually none.</summary>
    JsonArray? Conditions(Document document) => null;
}

/// <summary>Objects of this kind name others, which must be known to judge them and to run them.</summary>
public interface IReferringKind
{
    /// <summary>The resources of the objects that may be named.</summary>
    ImmutableArray<string> ReferredResources { get; }

    /// <summary>The objects this one names. May not throw on any document the schema accepts.</summary>
    IEnumerable<ResourceKey> References(JsonElement document);

    /// <summary>The rules between the object and those it names; <paramref name="old"/> is null on create. Asked once all other rules hold.</summary>
    /// <param name="found">Those of the named objects that exist.</param>
    IEnumerable<FieldError> ValidateReferences(JsonObject document, JsonObject? old, IReadOnlyDictionary<ResourceKey, Document> found);

    /// <summary>Warnings about the objects named.</summary>
    IEnumerable<string> ReferenceWarnings(JsonObject document, IReadOnlyDictionary<ResourceKey, Document> found) => [];
}

/// <summary>Fields the server fills on every write because they depend on the clock or on what was there before. Pure.</summary>
public interface IPreparedOnWrite
{
    /// <param name="old">The stored object; null on create.</param>
    void Prepare(JsonObject document, JsonObject? old, DateTimeOffset now);
}

/// <summary>Fields the server fills when an object is created (a service's cluster IP ...). May read the clock through the caller only.</summary>
public interface IPreparedOnCreate
{
    void Prepare(JsonObject document);
}
