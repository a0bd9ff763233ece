using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Schemas;

public static partial class SchemaWalk
{
    /// <summary>
    /// Why the Go server could not decode an object of a built-in kind, in its words, for example
    /// <c>json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type []v1.ContainerPort</c>; null
    /// when it could. Whoever answers puts <c>Pod in version "v1" cannot be handled as a Pod: </c> before it.
    /// </summary>
    public static string? DecodeError(JsonObject document, Schema schema) => DecodeFields(document, schema, "");

    /// <summary>The same for the metadata of any kind, which is decoded by itself.</summary>
    public static string? MetadataError(JsonObject document) => document["metadata"] switch
    {
        null => null,
        JsonObject metadata => DecodeFields(metadata, ObjectMeta, ""),
        var other => $"json: cannot unmarshal {GoKindOf(other)} into Go value of type v1.ObjectMeta",
    };

    private static string? DecodeFields(JsonObject fields, Schema schema, string path)
    {
        foreach (var (name, value) in fields)
        {
            if (schema.Properties.GetValueOrDefault(name) is { } property)
            {
                var field = Join(path, name);
                if (Decode(value, property, field, $"{StructName(schema)}.{field}") is { } error)
                {
                    return error;
                }
            }
        }

        return null;
    }

    /// <param name="path">The field's path from the root, without indexes and map keys.</param>
    /// <param name="target">The innermost struct and that path, as Go names the place.</param>
    private static string? Decode(JsonNode? node, Schema schema, string path, string target)
    {
        if (node is null || (schema.Type.Length == 0 && !schema.IntOrString))
        {
            return null;
        }

        if (!Fits(node, schema, out _))
        {
            return $"json: cannot unmarshal {GoKindOf(node)} into Go struct field {target} of type {GoTypeOf(schema)}";
        }

        return node switch
        {
            JsonObject fields when schema.AdditionalProperties is { } values => fields.Select(entry => Decode(entry.Value, values, path, target)).FirstOrDefault(error => error is not null),
            JsonObject fields => DecodeFields(fields, schema, path),
            JsonArray items when schema.Items is { } item => items.Select(entry => Decode(entry, item, path, target)).FirstOrDefault(error => error is not null),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => DecodeText(value.GetValue<string>(), schema),
            JsonValue value when value.GetValueKind() == JsonValueKind.Number => DecodeNumber(value, schema, target),
            _ => null,
        };
    }

    private static string? DecodeText(string text, Schema schema)
    {
        if (schema.IntOrString && schema.Pattern is { } pattern && !Matches(text, pattern))
        {
            return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        }

        return schema.Format switch
        {
            "date-time" when text.Length > 0 && !IsTime(text) => $"parsing time {Quote(text)} as \"2006-01-02T15:04:05Z07:00\": cannot parse {Quote(text)} as \"2006\"",
            "byte" when !HasFormat(text, "byte") => "illegal base64 data at input byte 0",
            _ => null,
        };
    }

    private static string? DecodeNumber(JsonValue value, Schema schema, string target)
    {
        var text = value.ToJsonString();
        var fits = schema.Format switch
        {
            "int32" => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "int64" => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            _ => true,
        };
        return fits ? null : $"json: cannot unmarshal number {text} into Go struct field {target} of type {schema.Format}";
    }

    private static string GoKindOf(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        _ => "number",
    };

    private static string GoTypeOf(Schema schema) => schema.Type switch
    {
        "array" => $"[]{GoTypeOf(schema.Items ?? Schema.Anything)}",
        "object" when schema.AdditionalProperties is { } values => $"map[string]{GoTypeOf(values)}",
        "object" => schema.DefinitionName.Length == 0 ? "map[string]interface {}" : string.Join('.', schema.DefinitionName.Split('.')[^2..]),
        "integer" => schema.Format,
        "boolean" => "bool",
        "number" => "float64",
        "string" when schema.Format == "date-time" => "v1.Time",
        "string" when schema.Format == "byte" => "[]uint8",
        "string" => "string",
        _ => schema.Pattern is null ? "intstr.IntOrString" : "resource.Quantity",
    };

    private static string StructName(Schema schema) => schema.DefinitionName.Split('.')[^1];
}
