using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>What every object goes through on its way in, whatever the verb: identity, decoding, pruning, defaults, validation. Pure.</summary>
internal static class ObjectRules
{
    /// <summary>More unknown or repeated fields than this are not listed.</summary>
    private const int ReportedFields = 10;

    public static KindVersion Version(ResourceKind kind, string version) =>
        kind.Versions.FirstOrDefault(served => served.Name == version) ?? throw StatusErrors.BadRequest($"{kind.Resource} has no version {version}");

    /// <summary>The version whose rules hold for an object: where versions are kept its own, else that of the request.</summary>
    public static KindVersion Version(ResourceKind kind, string requested, Document? stored) =>
        kind.KeepsVersions && stored is not null && kind.Versions.FirstOrDefault(served => kind.ApiVersion(served.Name) == stored.ApiVersion) is { } own ? own : Version(kind, requested);

    /// <summary>The body must be of the kind and version its URL names; built-in kinds may leave both out.</summary>
    public static void RequireIdentity(ResourceKind kind, string version, JsonObject body, RequestOptions options)
    {
        if (kind is IBuiltInKind)
        {
            body["kind"] ??= kind.Kind;
            body["apiVersion"] ??= kind.ApiVersion(version);
        }

        var apiVersion = body["apiVersion"]?.ToString() ?? "";
        if (apiVersion != kind.ApiVersion(version))
        {
            WarnOfForeignFields(body, options);
            throw StatusErrors.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({kind.ApiVersion(version)})");
        }

        var name = body["kind"]?.ToString() ?? "";
        if (name != kind.Kind)
        {
            throw ForeignKind(kind, name, ObjectMeta.Of(body).Name);
        }
    }

    /// <summary>Refuses wrong JSON types where upstream's typed decoder would.</summary>
    public static string? DecodeError(ResourceKind kind, KindVersion version, JsonObject document) =>
        SchemaWalk.MetadataError(document) ?? (kind is IBuiltInKind ? SchemaWalk.DecodeError(document, version.Schema) : null);

    public static StatusException CannotBeHandled(ResourceKind kind, string version, string problem) =>
        StatusErrors.BadRequest($"{kind.Kind} in version \"{version}\" cannot be handled as a {kind.Kind}: {problem}");

    /// <summary>Drops unknown fields and sets defaults.</summary>
    /// <param name="strict">The refusal when field validation is Strict; its argument lists the offending fields.</param>
    public static void Normalize(ResourceKind kind, KindVersion version, JsonObject document, RequestOptions options, Func<string, StatusException> strict)
    {
        var unknown = options.FieldValidation == "Ignore" ? null : new List<string>();
        SchemaWalk.Prune(document, version.Schema, unknown);
        if (unknown is not null)
        {
            Report(options, unknown, strict);
        }

        SchemaWalk.ApplyDefaults(document, version.Schema);
        kind.Default(document);
    }

    public static IEnumerable<FieldError> Validate(ResourceKind kind, KindVersion version, JsonObject document, JsonObject? stored)
    {
        IReadOnlyList<FieldError> errors = [.. SchemaWalk.Validate(document, version.Schema), .. kind.Scale is { } scale ? SchemaWalk.ScaleErrors(document, scale) : []];
        return errors.Count > 0 ? errors : kind.Validate(document, stored);
    }

    public static void Warn(ResourceKind kind, JsonObject document, RequestOptions options)
    {
        foreach (var warning in kind.Warnings(document))
        {
            options.Warnings?.Add(warning);
        }
    }

    /// <summary>Documents are stored in the kind's first version, unless the kind keeps versions apart.</summary>
    public static void ToStoredVersion(ResourceKind kind, KindVersion version, JsonObject document) =>
        document["apiVersion"] = kind.ApiVersion(kind.KeepsVersions ? version.Name : kind.Versions[0].Name);

    /// <summary>Whether anything but metadata (and status, where that has its own endpoint) differs.</summary>
    public static bool SpecChanged(ResourceKind kind, JsonObject document, JsonObject stored)
    {
        bool Counts(string name) => name is not ("metadata" or "apiVersion" or "kind") && !(name == "status" && kind.HasStatus);
        return document.Any(entry => Counts(entry.Key) && !JsonNode.DeepEquals(entry.Value, stored[entry.Key])) ||
            stored.Any(entry => Counts(entry.Key) && entry.Value is not null && document[entry.Key] is null);
    }

    public static bool HasGeneration(ResourceKind kind) => kind is not IBuiltInKind { HasGeneration: false };

    private static void Report(RequestOptions options, List<string> unknown, Func<string, StatusException> strict)
    {
        IReadOnlyList<string> problems =
        [
            .. options.DuplicateFields.Select(field => $"duplicate field \"{field}\""),
            .. unknown.Select(field => $"unknown field \"{field}\""),
        ];
        if (problems.Count > 0 && options.FieldValidation == "Strict")
        {
            throw strict($"strict decoding error: {string.Join(", ", problems.Take(ReportedFields))}");
        }

        foreach (var problem in problems)
        {
            options.Warnings?.Add(problem);
        }
    }

    /// <summary>A body of another version has no schema here, so each of its fields is unknown.</summary>
    private static void WarnOfForeignFields(JsonObject body, RequestOptions options)
    {
        foreach (var (name, _) in body.Where(entry => options.FieldValidation != "Ignore" && entry.Key is not ("apiVersion" or "kind" or "metadata")))
        {
            options.Warnings?.Add($"unknown field \"{name}\"");
        }
    }

    private static StatusException ForeignKind(ResourceKind kind, string found, string name)
    {
        var error = FieldError.Invalid("kind", GoText.Quote(found), $"must be {kind.Kind}");
        var qualified = kind.Group.Length == 0 ? found : $"{found}.{kind.Group}";
        var details = new StatusDetails { Name = name, Group = kind.Group, Kind = found, Causes = [new StatusCause(error.Reason, error.Message, error.Field)] };
        return new StatusException(new ApiStatus(422, "Invalid", $"{qualified} \"{name}\" is invalid: {error}", details));
    }
}
