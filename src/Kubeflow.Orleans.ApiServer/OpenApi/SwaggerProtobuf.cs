using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>
/// An OpenAPI 2 document in the protobuf form of the gnostic project (package openapi.v2), which kubectl up to 1.28 insists on. The
/// numbers are those of its messages Document, Paths, Operation, Parameter, Response and Schema.
/// </summary>
internal static class SwaggerProtobuf
{
    public static byte[] Write(JsonObject document)
    {
        var writer = new ProtobufWriter();
        writer.Text(1, Text(document, "swagger"));
        writer.Message(2, info =>
        {
            info.Text(1, Text(document["info"], "title"));
            info.Text(2, Text(document["info"], "version"));
        });
        writer.Message(8, paths => Named(paths, 2, document["paths"], PathItem));
        writer.Message(9, definitions => Named(definitions, 1, document["definitions"], Schema));
        return writer.ToArray();
    }

    private static void PathItem(ProtobufWriter writer, JsonObject item)
    {
        foreach (var (method, field) in new[] { ("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("patch", 8) })
        {
            if (item[method] is JsonObject operation)
            {
                writer.Message(field, inner => Operation(inner, operation));
            }
        }

        Parameters(writer, 9, item["parameters"]);
    }

    private static void Operation(ProtobufWriter writer, JsonObject operation)
    {
        Texts(writer, 1, operation["tags"]);
        writer.Text(3, Text(operation, "description"));
        writer.Text(5, Text(operation, "operationId"));
        Texts(writer, 6, operation["produces"]);
        Texts(writer, 7, operation["consumes"]);
        Parameters(writer, 8, operation["parameters"]);
        writer.Message(9, responses => Named(responses, 1, operation["responses"], (value, response) => value.Message(1, inner => Response(inner, response))));
        Texts(writer, 10, operation["schemes"]);
        Extensions(writer, 13, operation);
    }

    private static void Parameters(ProtobufWriter writer, int field, JsonNode? parameters)
    {
        foreach (var parameter in Items(parameters).OfType<JsonObject>())
        {
            writer.Message(field, item => item.Message(1, inner => Parameter(inner, parameter)));
        }
    }

    private static void Parameter(ProtobufWriter writer, JsonObject parameter)
    {
        var required = parameter["required"]?.GetValue<bool>() ?? false;
        if (Text(parameter, "in") == "body")
        {
            writer.Message(1, body =>
            {
                body.Text(2, Text(parameter, "name"));
                body.Text(3, "body");
                body.Flag(4, required);
                body.Message(5, schema => Schema(schema, parameter["schema"]!.AsObject()));
            });
            return;
        }

        // A path parameter has no allow_empty_value, so its type stands one field earlier.
        var (kind, type, unique) = Text(parameter, "in") == "path" ? (4, 5, 19) : (3, 6, 20);
        writer.Message(2, other => other.Message(kind, inner =>
        {
            inner.Flag(1, required);
            inner.Text(2, Text(parameter, "in"));
            inner.Text(3, Text(parameter, "description"));
            inner.Text(4, Text(parameter, "name"));
            inner.Text(type, Text(parameter, "type"));
            inner.Flag(unique, true);
        }));
    }

    private static void Response(ProtobufWriter writer, JsonObject response)
    {
        writer.Text(1, Text(response, "description"));
        if (response["schema"] is JsonObject schema)
        {
            writer.Message(2, item => item.Message(1, inner => Schema(inner, schema)));
        }
    }

    private static void Schema(ProtobufWriter writer, JsonObject schema)
    {
        foreach (var (name, field) in new[] { ("$ref", 1), ("format", 2), ("description", 4), ("pattern", 13) })
        {
            if (schema[name] is { } text)
            {
                writer.Text(field, text.GetValue<string>());
            }
        }

        if (schema.TryGetPropertyValue("default", out var value))
        {
            writer.Message(5, any => Any(any, value));
        }

        Numbers(writer, schema);
        Texts(writer, 19, schema["required"]);
        foreach (var allowed in Items(schema["enum"]))
        {
            writer.Message(20, any => Any(any, allowed));
        }

        Structure(writer, schema);
        Extensions(writer, 31, schema);
    }

    private static void Numbers(ProtobufWriter writer, JsonObject schema)
    {
        foreach (var (name, field) in new[] { ("maximum", 7), ("minimum", 9) })
        {
            if (schema[name] is { } number)
            {
                writer.Double(field, Number(number).GetDouble());
            }
        }

        foreach (var (name, field) in new[] { ("maxLength", 11), ("minItems", 15) })
        {
            if (schema[name] is { } number)
            {
                writer.Integer(field, Number(number).GetInt64());
            }
        }
    }

    private static void Structure(ProtobufWriter writer, JsonObject schema)
    {
        if (schema["additionalProperties"] is JsonObject values)
        {
            writer.Message(21, item => item.Message(1, inner => Schema(inner, values)));
        }

        if (schema["type"] is { } type)
        {
            writer.Message(22, item => item.Text(1, type.GetValue<string>()));
        }

        if (schema["items"] is JsonObject items)
        {
            writer.Message(23, item => item.Message(1, inner => Schema(inner, items)));
        }

        if (schema["properties"] is JsonObject properties)
        {
            writer.Message(25, inner => Named(inner, 1, properties, Schema));
        }
    }

    /// <summary>An extension's value is YAML text, and JSON is YAML.</summary>
    private static void Extensions(ProtobufWriter writer, int field, JsonObject owner)
    {
        foreach (var (name, value) in owner.Where(member => member.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            writer.Message(field, named =>
            {
                named.Text(1, name);
                named.Message(2, any => Any(any, value));
            });
        }
    }

    private static void Any(ProtobufWriter writer, JsonNode? value) => writer.Text(2, value?.ToJsonString(Document.SerializerOptions) ?? "null");

    private static void Named(ProtobufWriter writer, int field, JsonNode? members, Action<ProtobufWriter, JsonObject> write)
    {
        foreach (var (name, value) in members!.AsObject())
        {
            writer.Message(field, named =>
            {
                named.Text(1, name);
                named.Message(2, inner => write(inner, value!.AsObject()));
            });
        }
    }

    private static void Texts(ProtobufWriter writer, int field, JsonNode? texts)
    {
        foreach (var text in Items(texts))
        {
            writer.Text(field, text!.GetValue<string>());
        }
    }

    private static JsonArray Items(JsonNode? list) => list?.AsArray() ?? [];

    private static string Text(JsonNode? owner, string name) => owner?[name]?.GetValue<string>() ?? "";

    private static JsonElement Number(JsonNode number) => JsonElement.Parse(number.ToJsonString());
}
