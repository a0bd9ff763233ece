using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Kubeflow.Orleans.Core.Schemas;

/// <summary>
/// What a schema does to an object, in the order the API server does it: prune, default, validate. None of it throws on any JSON:
/// what does not fit is left for <see cref="Validate"/> to name. Recursion is as deep as the schema, never as deep as the document.
/// </summary>
public static partial class SchemaWalk
{
    private static Schema ObjectMeta => ClrSchema.Of(typeof(V1ObjectMeta));

    /// <summary>apiVersion, kind and metadata stand in no kind's own schema; the machinery knows them.</summary>
    private static bool IsTypeMeta(string name) => name is "apiVersion" or "kind";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The JSON type of a value as OpenAPI names it.</summary>
    private static string TypeOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => IsWhole(node) ? "integer" : "number",
        _ => "boolean",
    };

    /// <summary>1 and 1.0 are integers, 1.5 is not.</summary>
    private static bool IsWhole(JsonNode number) => !number.ToJsonString().AsSpan().ContainsAny(".eE") || (Number(number) is var value && value == Math.Floor(value));

    private static double Number(JsonNode number) => double.Parse(number.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
}
