using System.Collections.Immutable;

namespace Kubeflow.Orleans.Core.Schemas;

/// <summary>
/// A structural schema, the subset of OpenAPI that Kubernetes uses: it drives pruning, defaulting, validation, strategic merge and
/// the published OpenAPI documents. Immutable, shared by every request.
/// </summary>
public sealed record Schema
{
    /// <summary>object, array, string, integer, number, boolean; empty together with <see cref="IntOrString"/> or for "anything".</summary>
    public string Type { get; init; } = "";

    public string Format { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>The name it is published under and referred to by, for example <c>io.k8s.api.core.v1.PodSpec</c>; empty: inlined.</summary>
    public string DefinitionName { get; init; } = "";

    public ImmutableDictionary<string, Schema> Properties { get; init; } = ImmutableDictionary<string, Schema>.Empty;

    /// <summary>Schema of the values of a map.</summary>
    public Schema? AdditionalProperties { get; init; }

    public Schema? Items { get; init; }

    public ImmutableArray<string> Required { get; init; } = [];

    public ImmutableArray<string> Enum { get; init; } = [];

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public string? Pattern { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    public int? MinProperties { get; init; }

    /// <summary>The default value as JSON text; null: none.</summary>
    public string? DefaultJson { get; init; }

    public bool Nullable { get; init; }

    /// <summary>x-kubernetes-preserve-unknown-fields.</summary>
    public bool PreserveUnknownFields { get; init; }

    /// <summary>x-kubernetes-int-or-string (also quantities).</summary>
    public bool IntOrString { get; init; }

    /// <summary>x-kubernetes-list-type: atomic, set, map; empty: atomic.</summary>
    public string ListType { get; init; } = "";

    public ImmutableArray<string> ListMapKeys { get; init; } = [];

    /// <summary>x-kubernetes-map-type: atomic or granular; empty: granular.</summary>
    public string MapType { get; init; } = "";

    /// <summary>x-kubernetes-patch-strategy: merge, retainKeys, "merge,retainKeys"; empty: replace.</summary>
    public string PatchStrategy { get; init; } = "";

    public string PatchMergeKey { get; init; } = "";

    public static Schema String { get; } = new() { Type = "string" };

    public static Schema Boolean { get; } = new() { Type = "boolean" };

    public static Schema Int32 { get; } = new() { Type = "integer", Format = "int32" };

    public static Schema Int64 { get; } = new() { Type = "integer", Format = "int64" };

    public static Schema Number { get; } = new() { Type = "number", Format = "double" };

    /// <summary>Base64 text.</summary>
    public static Schema Bytes { get; } = new() { Type = "string", Format = "byte" };

    public static Schema Time { get; } = new() { Type = "string", Format = "date-time" };

    public static Schema Anything { get; } = new() { PreserveUnknownFields = true };

    public static Schema FreeObject { get; } = new() { Type = "object", PreserveUnknownFields = true };

    /// <summary>An amount such as <c>500m</c> or <c>2Gi</c>, or a plain number.</summary>
    public static Schema Quantity { get; } = new()
    {
        IntOrString = true,
        Pattern = @"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
    };

    public static Schema Object(params ReadOnlySpan<(string Name, Schema Schema)> properties)
    {
        var builder = ImmutableDictionary.CreateBuilder<string, Schema>(StringComparer.Ordinal);
        foreach (var (name, schema) in properties)
        {
            builder[name] = schema;
        }

        return new Schema { Type = "object", Properties = builder.ToImmutable() };
    }

    public static Schema MapOf(Schema values) => new() { Type = "object", AdditionalProperties = values };

    public static Schema ListOf(Schema items) => new() { Type = "array", Items = items };

    /// <summary>The type by itself, without what a field that holds it adds: description, default, how it merges.</summary>
    public Schema WithoutUsage() => this with { DefaultJson = null, Nullable = false, PatchStrategy = "", PatchMergeKey = "" };
}
