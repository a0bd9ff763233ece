using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>How a schema divides a value into fields somebody can own: what is one piece, what has parts, and what the parts are called.</summary>
internal static class FieldSteps
{
    public const string Field = "f:";

    public const string Keys = "k:";

    public const string Value = "v:";

    private const string Index = "i:";

    private static readonly Schema ObjectMeta = ClrSchema.Of(typeof(V1ObjectMeta));

    public static bool IsStep(string name) => name.Length >= 2 && name[..2] is Field or Keys or Value or Index;

    /// <summary>The schema of a whole object; kinds leave out what all objects have.</summary>
    public static Schema OfObject(Schema schema) => schema with
    {
        Properties = schema.Properties.SetItem("apiVersion", Schema.String).SetItem("kind", Schema.String).SetItem("metadata", ObjectMeta),
    };

    /// <summary>An object whose members can have different owners.</summary>
    public static bool IsGranular(Schema schema, JsonNode? node) => node is JsonObject && schema.MapType != "atomic";

    /// <summary>A list whose elements can have different owners.</summary>
    public static bool IsAssociative(Schema schema, JsonNode? node) => node is JsonArray && schema.ListType is "map" or "set";

    /// <summary>The field is declared by name; otherwise it is an entry of a map, which somebody owns even where more is below it.</summary>
    public static bool IsNamed(Schema schema, string step) => step.StartsWith(Field, StringComparison.Ordinal) && schema.Properties.ContainsKey(step[2..]);

    public static Schema Member(Schema schema, string name) => schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties ?? Schema.Anything;

    public static Schema Element(Schema schema) => schema.Items ?? Schema.Anything;

    public static Schema Below(Schema schema, string step) => step.StartsWith(Field, StringComparison.Ordinal) ? Member(schema, step[2..]) : Element(schema);

    /// <summary>What an element of an associative list is called.</summary>
    public static string ElementStep(Schema schema, JsonNode? element)
    {
        if (schema.ListType == "set" || element is not JsonObject fields)
        {
            return Value + Text(element);
        }

        return schema.ListMapKeys is [var only]
            ? $"{Keys}{{{KeyText(schema, fields, only)}}}"
            : $"{Keys}{{{string.Join(',', schema.ListMapKeys.Order(StringComparer.Ordinal).Select(key => KeyText(schema, fields, key)))}}}";
    }

    /// <summary>The keys an element lacks and that have no default.</summary>
    public static IEnumerable<string> MissingKeys(Schema schema, JsonObject element) =>
        schema.ListMapKeys.Where(key => element[key] is null && Member(Element(schema), key).DefaultJson is null);

    private static string KeyText(Schema schema, JsonObject element, string key) =>
        $"\"{JsonEncodedText.Encode(key, Document.SerializerOptions.Encoder)}\":{(element[key] is { } value ? Text(value) : Member(Element(schema), key).DefaultJson ?? "null")}";

    private static string Text(JsonNode? node) => node?.ToJsonString(Document.SerializerOptions) ?? "null";
}
