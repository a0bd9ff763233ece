using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Schemas;

public static partial class SchemaWalk
{
    /// <summary>Removes the fields the schema does not know.</summary>
    /// <param name="unknownFields">Receives their paths, for example <c>spec.parts[0].bogus</c>; null: nobody asks.</param>
    public static void Prune(JsonObject document, Schema schema, ICollection<string>? unknownFields)
    {
        foreach (var (name, value) in document.ToArray())
        {
            if (IsTypeMeta(name))
            {
                continue;
            }

            if (name == "metadata")
            {
                PruneValue(value, ObjectMeta, name, unknownFields);
            }
            else
            {
                PruneField(document, name, value, schema, name, unknownFields);
            }
        }
    }

    private static void PruneValue(JsonNode? node, Schema schema, string path, ICollection<string>? unknownFields)
    {
        if (node is JsonObject fields)
        {
            foreach (var (name, value) in fields.ToArray())
            {
                PruneField(fields, name, value, schema, Join(path, name), unknownFields);
            }
        }
        else if (node is JsonArray items && schema.Items is { } item)
        {
            for (var index = 0; index < items.Count; index++)
            {
                PruneValue(items[index], item, $"{path}[{index}]", unknownFields);
            }
        }
    }

    private static void PruneField(JsonObject owner, string name, JsonNode? value, Schema schema, string path, ICollection<string>? unknownFields)
    {
        var known = schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties;
        if (known is not null)
        {
            PruneValue(value, known, path, unknownFields);
        }
        else if (!schema.PreserveUnknownFields)
        {
            owner.Remove(name);
            unknownFields?.Add(path);
        }
    }
}
