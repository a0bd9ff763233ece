using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>Updates, of the object, its status and its scale.</summary>
public sealed partial class ResourceService
{
    public async Task<Document> UpdateAsync(
        ResourceKind kind, string version, string @namespace, string name, JsonObject body, string subresource, RequestOptions options, CancellationToken cancellationToken) =>
        (await PutAsync(kind, version, @namespace, name, body, subresource, options, cancellationToken)).Document;

    /// <summary>A PUT, which for some kinds creates what is not there.</summary>
    internal async Task<(Document Document, bool Created)> PutAsync(
        ResourceKind kind, string version, string @namespace, string name, JsonObject body, string subresource, RequestOptions options, CancellationToken cancellationToken)
    {
        var rules = ObjectRules.Version(kind, version, kind.KeepsVersions ? await FindAsync(Key(kind, @namespace, name), cancellationToken) : null);
        if (subresource != "scale")
        {
            UpdateStrategy.Admit(kind, version, rules, @namespace, name, body, options);
        }

        while (true)
        {
            if (await FindAsync(Key(kind, @namespace, name), cancellationToken) is not { } stored)
            {
                return kind is IBuiltInKind { CreateOnUpdate: true } && subresource.Length == 0
                    ? (await CreateAsync(kind, version, @namespace, body, options, cancellationToken), true)
                    : throw StatusErrors.NotFound(kind, name);
            }

            var live = InVersion(kind, version, stored);
            var sent = subresource == "scale" ? ScaleView.Apply(Scale(kind), live, body, @namespace, name) : body.DeepClone().AsObject();
            var isUnconditional = ObjectMeta.Of(sent).ResourceVersion is "" or "0";
            if (subresource != "scale" || !isUnconditional)
            {
                UpdateStrategy.RequireVersion(kind, ObjectMeta.Of(sent), ObjectMeta.Of(live));
            }

            if (await TryReplaceAsync(kind, rules, stored, live, sent, null, subresource, options, cancellationToken) is { } result)
            {
                return (Shown(kind, result, subresource), false);
            }

            if (!isUnconditional)
            {
                throw StatusErrors.Modified(kind, name);
            }
        }
    }

    /// <summary>One attempt; null when somebody else was faster.</summary>
    /// <param name="applied">Who owns what after an apply; null: it follows from what changes.</param>
    private async Task<Document?> TryReplaceAsync(
        ResourceKind kind,
        KindVersion rules,
        Document stored,
        JsonObject live,
        JsonObject sent,
        FieldManagers? applied,
        string subresource,
        RequestOptions options,
        CancellationToken cancellationToken)
    {
        if (UpdateStrategy.Complete(kind, rules, live, sent, applied, subresource, options, time.GetUtcNow()) is not { } updated)
        {
            return stored;
        }

        if (subresource != "status")
        {
            await JudgeReferencesAsync(kind, updated, live, options, cancellationToken);
        }

        var key = Key(kind, stored.Metadata.Namespace, stored.Metadata.Name);
        var (operation, preview) = Replace(kind, key, stored, updated, wakes: subresource != "status");
        if (options.DryRun)
        {
            return preview;
        }

        return await WriteAsync(operation, cancellationToken) switch
        {
            // Whoever removed the last finalizer sees the object as it was, not the tombstone.
            Committed when operation is DeleteOperation => preview,
            Committed committed => committed.Document,
            NotFound => throw StatusErrors.NotFound(kind, key.Name),
            _ => null,
        };
    }

    private static JsonObject InVersion(ResourceKind kind, string version, Document stored)
    {
        var node = stored.ToNode();
        node["apiVersion"] = kind.ApiVersion(version);
        return node;
    }

    private static Document Shown(ResourceKind kind, Document document, string subresource) =>
        subresource == "scale" ? Document.FromNode(ScaleView.Of(Scale(kind), document)) : document;

    private static ScaleSubresource Scale(ResourceKind kind) => kind.Scale ?? throw new ArgumentException($"{kind} has no scale.", nameof(kind));
}
