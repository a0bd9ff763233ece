using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>Field sets as FieldsV1, and their paths as people read them.</summary>
internal static class FieldSetJson
{
    /// <summary>The step that stands for the place itself.</summary>
    private const string Self = ".";

    public static void Write(Utf8JsonWriter writer, FieldSet set)
    {
        writer.WriteStartObject();
        if (set is { IsOwned: true, Steps.Count: > 0 })
        {
            writer.WriteStartObject(Self);
            writer.WriteEndObject();
        }

        foreach (var (name, below) in set.Steps)
        {
            writer.WritePropertyName(name);
            Write(writer, below);
        }

        writer.WriteEndObject();
    }

    /// <summary>Null when it is no FieldsV1.</summary>
    public static FieldSet? Read(JsonNode? node) => node is JsonObject fields ? Read(fields, isRoot: true) : null;

    /// <summary>For example <c>.spec.parts[name="p"].v</c>.</summary>
    public static string Text(IEnumerable<string> path)
    {
        var text = new StringBuilder();
        foreach (var step in path)
        {
            text.Append(Text(step));
        }

        return text.ToString();
    }

    public static string Text(string step) => step[..2] switch
    {
        FieldSteps.Field => $".{step[2..]}",
        FieldSteps.Value => $"[={step[2..]}]",
        FieldSteps.Keys => $"[{string.Join(',', JsonNode.Parse(step[2..])!.AsObject().Select(key => $"{key.Key}={key.Value?.ToJsonString(Resources.Document.SerializerOptions) ?? "null"}"))}]",
        _ => $"[{step[2..]}]",
    };

    private static FieldSet? Read(JsonObject fields, bool isRoot)
    {
        var steps = new List<FieldSet.Step>(fields.Count);
        foreach (var (name, value) in fields)
        {
            if (name == Self)
            {
                continue;
            }

            if (!FieldSteps.IsStep(name) || value is not JsonObject further || Read(further, isRoot: false) is not { } below)
            {
                return null;
            }

            steps.Add(new FieldSet.Step(name, below));
        }

        return FieldSet.Of(!isRoot && (fields.Count == 0 || fields.ContainsKey(Self)), steps);
    }
}
