using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>
/// The shell around the strategies: reads, lets them decide, writes with compare-and-set, reads again when somebody was faster.
/// </summary>
public sealed partial class ResourceService(KindCatalog catalog, IResourceStore store, TimeProvider time, NameGeneration names) : IResourceService
{
    /// <summary>How often a patch is applied anew to a newer object before the conflict is the client's.</summary>
    private const int PatchAttempts = 6;

    private readonly ActiveNamespaces activeNamespaces = new(time);

    public async Task<Document> GetAsync(ResourceKind kind, string @namespace, string name, CancellationToken cancellationToken) =>
        await FindAsync(Key(kind, @namespace, name), cancellationToken) ?? throw StatusErrors.NotFound(kind, name);

    public async Task<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken) =>
        (await store.GetAsync(key, cancellationToken))?.Document;

    public async Task<ListPage> ListAsync(ListQuery query, CancellationToken cancellationToken) => await store.ListAsync(query, cancellationToken);

    public Task<Document> CreateAsync(ResourceKind kind, string version, string @namespace, JsonObject body, RequestOptions options, CancellationToken cancellationToken) =>
        CreateAsync(kind, version, @namespace, body, null, options, cancellationToken);

    public async Task<DeleteOutcome> DeleteAsync(ResourceKind kind, string @namespace, string name, DeleteRequest request, RequestOptions options, CancellationToken cancellationToken)
    {
        var key = Key(kind, @namespace, name);
        while (true)
        {
            var stored = await GetAsync(kind, @namespace, name, cancellationToken);
            DeleteStrategy.RequirePreconditions(kind, stored, request);
            var now = time.GetUtcNow();
            var (operation, last) = DeleteStrategy.Decide(kind, stored, request, now) switch
            {
                DeletePlan.Mark mark => Update(kind, key, stored, mark.Document, now),
                DeletePlan.Remove => (new DeleteOperation(key, stored.Metadata.ResourceVersion), stored),
                _ => ((WriteOperation?)null, stored),
            };
            if (operation is null || options.DryRun)
            {
                return new DeleteOutcome(last, operation is DeleteOperation);
            }

            switch (await WriteAsync(operation, cancellationToken))
            {
                case Committed committed:
                    return new DeleteOutcome(committed.Document, operation is DeleteOperation);
                case NotFound:
                    throw StatusErrors.NotFound(kind, name);
            }
        }
    }

    public async Task<Document?> ModifyAsync(ResourceKey key, Func<JsonObject, bool> change, CancellationToken cancellationToken)
    {
        var kind = catalog.Find(key.Resource) ?? throw new ArgumentException($"No kind {key.Resource} is registered.", nameof(key));
        while (await FindAsync(key, cancellationToken) is { } stored)
        {
            var before = stored.ToNode();
            var updated = stored.ToNode();
            if (!change(updated) || JsonNode.DeepEquals(before, updated))
            {
                return stored;
            }

            if (ObjectRules.HasGeneration(kind) && ObjectRules.SpecChanged(kind, updated, before))
            {
                var metadata = ObjectMeta.Of(updated);
                metadata.Generation++;
            }

            var (operation, _) = Replace(kind, key, stored, updated, wakes: true);
            switch (await WriteAsync(operation, cancellationToken))
            {
                case Committed committed:
                    return committed.Document;
                case NotFound:
                    return null;
            }
        }

        return null;
    }

    /// <param name="applied">Who owns what of an object that an apply creates; null: whoever creates it owns it.</param>
    private async Task<Document> CreateAsync(
        ResourceKind kind, string version, string @namespace, JsonObject body, FieldManagers? applied, RequestOptions options, CancellationToken cancellationToken)
    {
        CreateStrategy.Admit(kind, version, @namespace, body, options);
        await RequireNamespaceAsync(kind, @namespace, ObjectMeta.Of(body).Name, cancellationToken);
        var generated = ObjectMeta.Of(body).Name.Length == 0;
        CreateStrategy.Complete(kind, version, body, applied, options, names, time.GetUtcNow());
        await JudgeReferencesAsync(kind, body, null, options, cancellationToken);
        var metadata = ObjectMeta.Of(body);
        for (var attempt = 1; ; attempt++)
        {
            var key = Key(kind, @namespace, metadata.Name);
            var result = await StoreNewAsync(kind, key, Document.FromNode(body), options, cancellationToken);
            switch (result)
            {
                case Committed committed:
                    return committed.Document;
                case Exists exists when !generated:
                    throw StatusErrors.AlreadyExists(kind, metadata.Name, exists.Current.Metadata.DeletionTimestamp is not null);
                case Exists when attempt == NameGeneration.Attempts:
                    throw StatusErrors.NoUniqueName(kind, metadata.Name);
                case Exists:
                    metadata.Name = names.Next(metadata.GenerateName);
                    break;
                default:
                    throw Unexpected(key, result);
            }
        }
    }

    /// <summary>
    /// The write that replaces an object: normally an update, but the end of the object when its last finalizer is gone. With it comes
    /// the object as the caller sees it when nothing is written (dry run).
    /// </summary>
    private (WriteOperation Operation, Document Result) Replace(ResourceKind kind, ResourceKey key, Document stored, JsonObject updated, bool wakes)
    {
        if (UpdateStrategy.Removes(updated))
        {
            var last = Document.FromNode(updated);
            return (new DeleteOperation(key, stored.Metadata.ResourceVersion, last), last);
        }

        return Update(kind, key, stored, updated, wakes ? time.GetUtcNow() : null);
    }

    private static (WriteOperation Operation, Document Result) Update(ResourceKind kind, ResourceKey key, Document stored, JsonObject updated, DateTimeOffset? wake)
    {
        var document = Document.FromNode(updated);
        return (new UpdateOperation(key, stored.Metadata.ResourceVersion, document) { Wake = wake is { } now ? WakeOf(kind, document, now) : Wake.Keep }, document);
    }

    private async Task<WriteResult> StoreNewAsync(ResourceKind kind, ResourceKey key, Document document, RequestOptions options, CancellationToken cancellationToken)
    {
        if (options.DryRun)
        {
            return await FindAsync(key, cancellationToken) is { } current ? new Exists(current) : new Committed(document);
        }

        // The wake stands in the same write: an acknowledged object is looked at even if every process dies right now.
        return await WriteAsync(new CreateOperation(key, document) { Wake = WakeOf(kind, document, time.GetUtcNow()) }, cancellationToken);
    }

    private static Wake WakeOf(ResourceKind kind, Document document, DateTimeOffset now) =>
        kind is IReconciledKind reconciled && reconciled.Concerns(document.Root) ? Wake.At(now) : Wake.Keep;

    private async Task<WriteResult> WriteAsync(WriteOperation operation, CancellationToken cancellationToken)
    {
        activeNamespaces.Forget(operation);
        try
        {
            return (await store.WriteAsync([operation], cancellationToken))[0];
        }
        finally
        {
            activeNamespaces.Forget(operation);
        }
    }

    private async Task RequireNamespaceAsync(ResourceKind kind, string @namespace, string name, CancellationToken cancellationToken)
    {
        if (!kind.Namespaced || activeNamespaces.Knows(@namespace) || catalog.Find(ActiveNamespaces.Resource) is not { } namespaces)
        {
            return;
        }

        var found = await GetAsync(namespaces, "", @namespace, cancellationToken);
        if (found.Metadata.DeletionTimestamp is not null)
        {
            throw StatusErrors.NamespaceTerminating(kind, @namespace, name);
        }

        activeNamespaces.Remember(@namespace);
    }

    /// <summary>What an object names is read after its own rules hold: a hostile document costs no reads.</summary>
    private async Task JudgeReferencesAsync(ResourceKind kind, JsonObject document, JsonObject? old, RequestOptions options, CancellationToken cancellationToken)
    {
        if (kind is not IReferringKind referring)
        {
            return;
        }

        var found = new Dictionary<ResourceKey, Document>();
        foreach (var key in referring.References(Document.FromNode(document).Root).Distinct())
        {
            if (await FindAsync(key, cancellationToken) is { } named)
            {
                found[key] = named;
            }
        }

        if (referring.ValidateReferences(document, old, found).ToList() is { Count: > 0 } errors)
        {
            throw StatusErrors.Invalid(kind, ObjectMeta.Of(document).Name, errors);
        }

        foreach (var warning in referring.ReferenceWarnings(document, found))
        {
            options.Warnings?.Add(warning);
        }
    }

    private static ResourceKey Key(ResourceKind kind, string @namespace, string name) => new(kind.Resource, kind.Namespaced ? @namespace : "", name);

    private static InvalidOperationException Unexpected(ResourceKey key, WriteResult result) => new($"The store answered {result.GetType().Name} to a write of {key}.");
}
