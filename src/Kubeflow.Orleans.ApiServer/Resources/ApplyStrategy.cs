using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.ManagedFields;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>A configuration to be applied.</summary>
/// <param name="Document">As much of it as the endpoint takes, under the name of the URL.</param>
/// <param name="Description">What refusals call it, for example <c>/a; kubeflow.org/v1, Kind=TFJob</c>.</param>
internal sealed record Configuration(JsonObject Document, string Description);

/// <summary>Server-side apply. Pure.</summary>
internal static class ApplyStrategy
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The manager that leaves client-side apply behind, and so takes its fields along.</summary>
    private const string Kubectl = "kubectl";

    public static Configuration Admit(ResourceKind kind, string version, string @namespace, string name, JsonNode body, string subresource)
    {
        if (body is not JsonObject)
        {
            throw StatusErrors.BadRequest($"error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {GoText.KindOf(body)} into Go value of type map[string]interface {{}}");
        }

        var document = body.DeepClone().AsObject();
        RequireType(kind, version, document, subresource);
        if (SchemaWalk.MetadataError(document) is { } problem)
        {
            throw StatusErrors.BadRequest(problem);
        }

        var metadata = ObjectMeta.Of(document);
        if (metadata["managedFields"] is not null)
        {
            throw StatusErrors.BadRequest("metadata.managedFields must be nil");
        }

        var description = $"{metadata.Namespace}/{metadata.Name}; {Type(document)}";
        UpdateStrategy.RequirePlace(@namespace, name, document);
        return new Configuration(ForEndpoint(kind, version, @namespace, name, document, subresource), description);
    }

    /// <summary>What applying makes of the object, and of its managers.</summary>
    public static ApplyResult.Applied Apply(
        ResourceKind kind, KindVersion version, JsonObject live, Configuration configuration, string subresource, RequestOptions options, DateTimeOffset now)
    {
        var manager = FieldTracking.Manager(kind, version, options, subresource, isApplier: true);
        var blank = FieldTracking.Blank(kind, version);
        var managers = FieldTracking.Of(live);
        var result = Attempt(options.Force);
        if (result is ApplyResult.Conflicting conflicting)
        {
            var left = manager.Name == Kubectl && AppliedByClient(kind, version, live) is { } earlier
                ? FieldOwnership.WithoutThoseOf(earlier, live, version.Schema, conflicting.Conflicts)
                : conflicting.Conflicts;
            result = left.Count == 0 ? Attempt(force: true) : throw Conflict(left);
        }

        return result switch
        {
            ApplyResult.Applied applied => applied,
            ApplyResult.Unfit unfit => throw StatusErrors.Unspecified($"failed to create typed patch object ({configuration.Description}): {unfit.Problem}"),
            _ => throw new InvalidOperationException("A forced apply met a conflict."),
        };

        ApplyResult Attempt(bool force) => FieldOwnership.Apply(
            managers, live, blank, configuration.Document, version.Schema, manager, force, FieldTracking.Time(subresource, now));
    }

    private static void RequireType(ResourceKind kind, string version, JsonObject document, string subresource)
    {
        var (apiVersion, name) = subresource == "scale" ? (ScaleView.ApiVersion, ScaleView.Kind) : (kind.ApiVersion(version), kind.Kind);
        if (document["apiVersion"]?.ToString() != apiVersion || document["kind"]?.ToString() != name)
        {
            throw StatusErrors.BadRequest($"invalid object type: {Type(document)}");
        }
    }

    /// <summary>Leaves out what the endpoint does not write.</summary>
    private static JsonObject ForEndpoint(ResourceKind kind, string version, string @namespace, string name, JsonObject document, string subresource)
    {
        var identity = new JsonObject { ["apiVersion"] = kind.ApiVersion(version), ["kind"] = kind.Kind, ["metadata"] = new JsonObject { ["name"] = name } };
        switch (subresource)
        {
            case "scale":
                return ScaleView.Apply(kind.Scale!, identity, document, @namespace, name);
            case "status":
                var metadata = ObjectMeta.Of(identity);
                metadata.Copy("resourceVersion", ObjectMeta.Of(document));
                metadata.Copy("uid", ObjectMeta.Of(document));
                identity["status"] = document["status"]?.DeepClone();
                return identity;
            default:
                if (kind.HasStatus)
                {
                    document.Remove("status");
                }

                return document;
        }
    }

    /// <summary>Null when the object never was applied by a client, or in another version.</summary>
    private static JsonObject? AppliedByClient(ResourceKind kind, KindVersion version, JsonObject live)
    {
        try
        {
            return ObjectMeta.Of(live)["annotations"]?[LastApplied] is { } text && JsonNode.Parse(text.ToString()) is JsonObject applied &&
                applied["apiVersion"]?.ToString() == kind.ApiVersion(version.Name)
                ? applied
                : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <summary>As Go prints a GroupVersionKind: <c>kubeflow.org/v1, Kind=TFJob</c>.</summary>
    private static string Type(JsonObject document)
    {
        var apiVersion = document["apiVersion"]?.ToString() ?? "";
        return $"{(apiVersion.Contains('/') ? "" : "/")}{apiVersion}, Kind={document["kind"]}";
    }

    private static StatusException Conflict(IReadOnlyList<FieldConflict> conflicts)
    {
        var causes = conflicts.Select(conflict => new StatusCause("FieldManagerConflict", $"conflict with {Text(conflict.Manager)}", conflict.Path)).ToImmutableArray();
        return StatusErrors.ApplyConflict(conflicts.Count == 1 ? $"1 conflict: {causes[0].Message}: {causes[0].Field}" : $"{conflicts.Count} conflicts: {Listed(conflicts)}", causes);
    }

    private static string Listed(IReadOnlyList<FieldConflict> conflicts) => string.Join('\n', conflicts
        .GroupBy(conflict => Text(conflict.Manager))
        .OrderBy(manager => manager.Key, StringComparer.Ordinal)
        .Select(manager => $"conflicts with {manager.Key}:{string.Concat(manager.Select(conflict => $"\n- {conflict.Path}"))}"));

    private static string Text(FieldManager manager) =>
        GoText.Quote(manager.Name) +
        (manager.Subresource.Length > 0 ? $" with subresource {GoText.Quote(manager.Subresource)}" : "") +
        (manager.IsApplier ? "" : $" using {manager.ApiVersion}");
}
