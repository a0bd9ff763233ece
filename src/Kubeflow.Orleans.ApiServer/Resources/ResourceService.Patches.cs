using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>Patches, of the object, its status and its scale; apply, which is one of them, also creates.</summary>
public sealed partial class ResourceService
{
    public async Task<Document> PatchAsync(
        ResourceKind kind, string version, string @namespace, string name, PatchRequest patch, string subresource, RequestOptions options, CancellationToken cancellationToken) =>
        (await PatchOrCreateAsync(kind, version, @namespace, name, patch, subresource, options, cancellationToken)).Document;

    internal async Task<(Document Document, bool Created)> PatchOrCreateAsync(
        ResourceKind kind, string version, string @namespace, string name, PatchRequest patch, string subresource, RequestOptions options, CancellationToken cancellationToken)
    {
        var served = ObjectRules.Version(kind, version);
        var configuration = patch.Type == PatchType.Apply ? ApplyStrategy.Admit(kind, version, @namespace, name, patch.Body, subresource) : null;
        for (var attempt = 1; ; attempt++)
        {
            if (await FindAsync(Key(kind, @namespace, name), cancellationToken) is not { } stored)
            {
                if (configuration is null || subresource.Length > 0)
                {
                    throw StatusErrors.NotFound(kind, name);
                }

                if (await TryCreateAsync(kind, served, @namespace, configuration, options, cancellationToken) is { } created)
                {
                    return (created, true);
                }

                continue;
            }

            var live = InVersion(kind, version, stored);
            var rules = ObjectRules.Version(kind, version, stored);
            var applied = configuration is null ? null : ApplyStrategy.Apply(kind, rules, live, configuration, subresource, options, time.GetUtcNow());
            var patched = applied?.Document ?? Patch(kind, rules, live, stored, patch, subresource);
            PatchStrategy.Admit(kind, version, rules, @namespace, name, patched, options);

            // A patch that names the version it was made for must not be carried over to another.
            if (ObjectMeta.Of(patched).ResourceVersion is { Length: > 0 } named && named != ObjectMeta.Of(live).ResourceVersion)
            {
                throw StatusErrors.Modified(kind, name);
            }

            if (await TryReplaceAsync(kind, rules, stored, live, patched, applied?.Managers, subresource, options, cancellationToken) is { } result)
            {
                return (Shown(kind, result, subresource), false);
            }

            if (attempt == PatchAttempts)
            {
                throw StatusErrors.Modified(kind, name);
            }
        }
    }

    private static JsonObject Patch(ResourceKind kind, KindVersion version, JsonObject live, Document stored, PatchRequest patch, string subresource)
    {
        if (subresource != "scale")
        {
            return PatchStrategy.Apply(live, patch, version.Schema);
        }

        var metadata = stored.Metadata;
        return ScaleView.Apply(Scale(kind), live, PatchStrategy.Apply(ScaleView.Of(Scale(kind), stored), patch, ScaleView.Schema), metadata.Namespace, metadata.Name);
    }

    /// <summary>Null when somebody else was faster: then there is an object to apply to.</summary>
    private async Task<Document?> TryCreateAsync(
        ResourceKind kind, KindVersion version, string @namespace, Configuration configuration, RequestOptions options, CancellationToken cancellationToken)
    {
        var (_, managers) = ApplyStrategy.Apply(kind, version, FieldTracking.Blank(kind, version), configuration, "", options, time.GetUtcNow());
        try
        {
            return await CreateAsync(kind, version.Name, @namespace, configuration.Document.DeepClone().AsObject(), managers, options, cancellationToken);
        }
        catch (StatusException exists) when (exists.Status.Reason == "AlreadyExists")
        {
            return null;
        }
    }
}
