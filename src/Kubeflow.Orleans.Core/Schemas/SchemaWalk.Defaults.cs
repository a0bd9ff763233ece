using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Schemas;

public static partial class SchemaWalk
{
    /// <summary>
    /// Sets the schema's defaults where a field is missing. An explicit null counts as missing, unless the field is nullable, and is
    /// removed where there is no default.
    /// </summary>
    public static void ApplyDefaults(JsonObject document, Schema schema) => DefaultFields(document, schema);

    private static void DefaultFields(JsonObject fields, Schema schema)
    {
        foreach (var (name, property) in schema.Properties)
        {
            if (property.DefaultJson is { } json && fields[name] is null && !(property.Nullable && fields.ContainsKey(name)))
            {
                fields[name] = JsonNode.Parse(json);
            }
        }

        foreach (var (name, value) in fields.ToArray())
        {
            if (schema.Properties.GetValueOrDefault(name) is { } property)
            {
                if (value is null && !property.Nullable && !property.PreserveUnknownFields)
                {
                    fields.Remove(name);
                }

                DefaultValue(value, property);
            }
            else if (schema.AdditionalProperties is { } values)
            {
                DefaultValue(value, values);
            }
        }
    }

    private static void DefaultValue(JsonNode? node, Schema schema)
    {
        if (node is JsonObject fields)
        {
            DefaultFields(fields, schema);
        }
        else if (node is JsonArray items && schema.Items is { } item)
        {
            foreach (var value in items)
            {
                DefaultValue(value, item);
            }
        }
    }
}
