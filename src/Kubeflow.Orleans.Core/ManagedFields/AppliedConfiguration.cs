using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>What makes a configuration unfit to be applied: whoever applies says exactly what they want, so nothing is dropped in silence.</summary>
internal static class AppliedConfiguration
{
    /// <summary>In upstream's words; null when it is fit.</summary>
    public static string? Problem(JsonObject configuration, Schema schema)
    {
        var problems = new List<string>();
        Check(configuration, schema, "", problems);
        return problems.Count switch
        {
            0 => null,
            1 => problems[0],
            _ => $"errors:\n{string.Concat(problems.Select(problem => $"  {problem}\n"))}",
        };
    }

    private static void Check(JsonNode? value, Schema schema, string path, List<string> problems)
    {
        if (WrongType(value, schema) is { } problem)
        {
            problems.Add($"{path}: {problem}");
        }
        else if (FieldSteps.IsGranular(schema, value))
        {
            foreach (var (name, member) in value!.AsObject())
            {
                CheckMember(name, member, schema, $"{path}.{name}", problems);
            }
        }
        else if (FieldSteps.IsAssociative(schema, value))
        {
            CheckElements(value!.AsArray(), schema, path, problems);
        }
    }

    private static void CheckMember(string name, JsonNode? member, Schema schema, string path, List<string> problems)
    {
        if ((schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } declared)
        {
            Check(member, declared, path, problems);
        }
        else if (!schema.PreserveUnknownFields)
        {
            problems.Add($"{path}: field not declared in schema");
        }
    }

    private static void CheckElements(JsonArray elements, Schema schema, string path, List<string> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < elements.Count; index++)
        {
            var element = elements[index];
            if (schema.ListType == "map" && element is not JsonObject)
            {
                problems.Add($"{path}: element {index}: associative list with keys may not have non-map elements");
                continue;
            }

            if (schema.ListType == "map" && FieldSteps.MissingKeys(schema, element!.AsObject()).FirstOrDefault() is { } missing)
            {
                problems.Add($"{path}: element {index}: associative list with keys has an element that omits key field \"{missing}\" (and doesn't have default value)");
                continue;
            }

            var step = FieldSteps.ElementStep(schema, element);
            if (!seen.Add(step))
            {
                problems.Add($"{path}: duplicate entries for key {FieldSetJson.Text(step)}");
            }

            Check(element, FieldSteps.Element(schema), path + FieldSetJson.Text(step), problems);
        }
    }

    private static string? WrongType(JsonNode? value, Schema schema)
    {
        var found = value?.GetValueKind() ?? JsonValueKind.Null;
        var expected = (schema.Type, found) switch
        {
            (_, JsonValueKind.Null) => null,
            ("string", not JsonValueKind.String) => "string",
            ("integer" or "number", not JsonValueKind.Number) => "numeric (int or float)",
            ("boolean", not (JsonValueKind.True or JsonValueKind.False)) => "boolean",
            ("object", not JsonValueKind.Object) => "map",
            ("array", not JsonValueKind.Array) => "list",
            _ => null,
        };
        return expected is null ? null : $"expected {expected}, got &value.valueUnstructured{{Value:{value!.ToJsonString(Document.SerializerOptions)}}}";
    }
}
