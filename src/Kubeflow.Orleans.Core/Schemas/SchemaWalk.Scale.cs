using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.Core.Schemas;

public static partial class SchemaWalk
{
    /// <summary>What the API server adds for a kind with a scale subresource when its replica paths hold something else than a count.</summary>
    public static IEnumerable<FieldError> ScaleErrors(JsonObject document, ScaleSubresource scale)
    {
        foreach (var path in new[] { scale.SpecReplicas, scale.StatusReplicas })
        {
            if (Find(document, path) is not { } value)
            {
                continue;
            }

            if (TypeOf(value) != "integer")
            {
                yield return AccessorError(path, "0", value, "int64");
            }
            else if (Number(value) < 0)
            {
                yield return FieldError.Invalid(path.ToString(), value.ToJsonString(), "should be a non-negative integer");
            }
            else if (Number(value) > int.MaxValue)
            {
                yield return FieldError.Invalid(path.ToString(), value.ToJsonString(), $"should be less than or equal to {int.MaxValue}");
            }
        }

        if (Find(document, scale.LabelSelector) is { } selector && TypeOf(selector) != "string")
        {
            yield return AccessorError(scale.LabelSelector, "\"\"", selector, "string");
        }
    }

    private static FieldError AccessorError(JsonPath path, string value, JsonNode found, string expected) =>
        FieldError.Invalid(path.ToString(), value, $"{path} accessor error: {found} is of the type {GoTypeOf(found)}, expected {expected}");

    private static JsonNode? Find(JsonObject document, JsonPath path)
    {
        JsonNode? node = document;
        foreach (var name in path.Fields() ?? [])
        {
            node = (node as JsonObject)?[name];
        }

        return node == document ? null : node;
    }

    /// <summary>The Go type a decoded value has there.</summary>
    private static string GoTypeOf(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        JsonValueKind.String => "string",
        JsonValueKind.Number => IsWhole(node) ? "int64" : "float64",
        _ => "bool",
    };
}
