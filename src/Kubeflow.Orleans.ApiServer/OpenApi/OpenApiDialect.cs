using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>How a schema is written in OpenAPI 3, and in OpenAPI 2, which can say less.</summary>
internal sealed class OpenApiDialect
{
    public static OpenApiDialect V3 { get; } = new(3);

    public static OpenApiDialect V2 { get; } = new(2);

    private readonly int version;

    private OpenApiDialect(int version) => this.version = version;

    /// <summary>A reference, with what is only true where it stands: description, default, how it merges.</summary>
    public JsonObject Reference(Schema schema)
    {
        var node = new JsonObject();
        AddText(node, "description", schema.Description);
        AddDefault(node, schema);
        if (version == 2)
        {
            node["$ref"] = $"#/definitions/{schema.DefinitionName}";
        }
        else
        {
            var reference = new JsonObject { ["$ref"] = $"#/components/schemas/{schema.DefinitionName}" };
            if (node.Count == 0 && schema.PatchStrategy.Length == 0 && !schema.Nullable)
            {
                return reference;
            }

            node["allOf"] = new JsonArray(reference);
            AddNullable(node, schema);
        }

        AddMerging(node, schema);
        return node;
    }

    /// <summary>
    /// The schema written out. OpenAPI 2 knows no null and no "string or number", and clients of it take the fields named for all there
    /// are: where the schema allows more, nothing is said there, as upstream.
    /// </summary>
    public JsonObject Inline(Schema schema, DefinitionSet definitions)
    {
        var vague = version == 2 && (schema.Nullable || schema.PreserveUnknownFields);
        var node = new JsonObject();
        AddText(node, "description", schema.Description);
        AddText(node, "type", schema.IntOrString || (version == 2 && schema.Nullable) ? "" : schema.Type);
        AddText(node, "format", schema.IntOrString || schema.Type.Length == 0 ? "" : schema.Format);
        AddDefault(node, schema);
        AddNullable(node, schema);
        AddLimits(node, schema);
        if (!vague)
        {
            AddStructure(node, schema, definitions);
        }

        AddExtensions(node, schema);
        AddMerging(node, schema);
        return node;
    }

    private static void AddStructure(JsonObject node, Schema schema, DefinitionSet definitions)
    {
        if (!schema.Required.IsEmpty)
        {
            node["required"] = Texts(schema.Required);
        }

        if (!schema.Properties.IsEmpty)
        {
            node["properties"] = new JsonObject(schema.Properties.OrderBy(property => property.Key, StringComparer.Ordinal)
                .Select(property => KeyValuePair.Create(property.Key, (JsonNode?)definitions.Reference(property.Value))));
        }

        if (schema.AdditionalProperties is { } values)
        {
            node["additionalProperties"] = definitions.Reference(values);
        }

        if (schema.Type == "array")
        {
            node["items"] = definitions.Reference(schema.Items ?? Schema.Anything);
        }
    }

    private static void AddLimits(JsonObject node, Schema schema)
    {
        AddNumber(node, "minimum", schema.Minimum);
        AddNumber(node, "maximum", schema.Maximum);
        AddNumber(node, "minLength", schema.MinLength);
        AddNumber(node, "maxLength", schema.MaxLength);
        AddNumber(node, "minItems", schema.MinItems);
        AddNumber(node, "maxItems", schema.MaxItems);
        AddNumber(node, "minProperties", schema.MinProperties);
        AddText(node, "pattern", schema.Pattern ?? "");
        if (!schema.Enum.IsEmpty)
        {
            node["enum"] = Texts(schema.Enum);
        }
    }

    private static void AddExtensions(JsonObject node, Schema schema)
    {
        if (schema.PreserveUnknownFields)
        {
            node["x-kubernetes-preserve-unknown-fields"] = true;
        }

        if (schema.IntOrString)
        {
            node["x-kubernetes-int-or-string"] = true;
        }

        AddText(node, "x-kubernetes-map-type", schema.MapType);
    }

    private static void AddMerging(JsonObject node, Schema schema)
    {
        AddText(node, "x-kubernetes-list-type", schema.ListType);
        if (!schema.ListMapKeys.IsEmpty)
        {
            node["x-kubernetes-list-map-keys"] = Texts(schema.ListMapKeys);
        }

        AddText(node, "x-kubernetes-patch-strategy", schema.PatchStrategy);
        AddText(node, "x-kubernetes-patch-merge-key", schema.PatchMergeKey);
    }

    private void AddNullable(JsonObject node, Schema schema)
    {
        if (schema.Nullable && version == 3)
        {
            node["nullable"] = true;
        }
    }

    private static void AddDefault(JsonObject node, Schema schema)
    {
        if (schema.DefaultJson is { } json)
        {
            node["default"] = JsonNode.Parse(json);
        }
    }

    private static void AddText(JsonObject node, string name, string value)
    {
        if (value.Length > 0)
        {
            node[name] = value;
        }
    }

    private static void AddNumber(JsonObject node, string name, double? value)
    {
        if (value is { } number)
        {
            node[name] = number == Math.Floor(number) ? (long)number : number;
        }
    }

    private static JsonArray Texts(ImmutableArray<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
