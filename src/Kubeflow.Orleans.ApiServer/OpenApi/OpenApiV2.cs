using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Discovery;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>Everything served as one OpenAPI 2 document, for kubectl up to 1.28, Argo CD and the like.</summary>
internal static class OpenApiV2
{
    private static readonly ImmutableArray<string> Objects = ["application/json", "application/yaml"];

    public static JsonObject Document(ServedApi api)
    {
        var definitions = new DefinitionSet(OpenApiDialect.V2);
        definitions.AddMachinery();
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var version in api.Groups.SelectMany(group => group.Versions))
        {
            foreach (var path in version.Resources.SelectMany(resource => new ResourcePaths(version, resource, definitions.AddKind(resource)).All()))
            {
                paths[path.Path] = PathItem(version, path);
            }
        }

        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = ServerVersion.Git },
            ["paths"] = new JsonObject(paths.Select(path => KeyValuePair.Create(path.Key, (JsonNode?)path.Value))),
            ["definitions"] = definitions.ToNode(),
        };
    }

    private static JsonObject PathItem(ServedVersion version, ApiPath path)
    {
        var item = new JsonObject();
        foreach (var operation in path.Operations)
        {
            item[operation.Method] = Operation(version, operation);
        }

        item["parameters"] = new JsonArray([.. path.Parameters.Select(Parameter)]);
        return item;
    }

    private static JsonObject Operation(ServedVersion version, ApiOperation operation) => new()
    {
        ["description"] = operation.Description,
        ["consumes"] = Texts(operation.BodyMediaTypes),
        ["produces"] = Texts(Objects),
        ["schemes"] = new JsonArray("https"),
        ["tags"] = new JsonArray(OpenApiTags.Of(version)),
        ["operationId"] = operation.Id,
        ["parameters"] = new JsonArray([.. Body(operation), .. operation.Parameters.Select(Parameter)]),
        ["responses"] = Responses(operation),
        ["x-kubernetes-action"] = operation.Action,
        ["x-kubernetes-group-version-kind"] = operation.Type.ToNode(),
    };

    private static IEnumerable<JsonObject> Body(ApiOperation operation)
    {
        if (operation.Body.Length > 0)
        {
            yield return new JsonObject { ["name"] = "body", ["in"] = "body", ["required"] = operation.BodyRequired, ["schema"] = Reference(operation.Body) };
        }
    }

    private static JsonObject Parameter(ApiParameter parameter)
    {
        var node = new JsonObject { ["uniqueItems"] = true, ["type"] = parameter.Type, ["description"] = parameter.Description, ["name"] = parameter.Name, ["in"] = parameter.In };
        if (parameter.In == "path")
        {
            node["required"] = true;
        }

        return node;
    }

    private static JsonObject Responses(ApiOperation operation)
    {
        var responses = new JsonObject();
        foreach (var (code, definition) in operation.Responses)
        {
            var response = new JsonObject { ["description"] = OpenApiTags.Describe(code) };
            response["schema"] = definition.Length > 0 ? Reference(definition) : new JsonObject { ["type"] = "string" };
            responses[code.ToString(CultureInfo.InvariantCulture)] = response;
        }

        responses["401"] = new JsonObject { ["description"] = OpenApiTags.Describe(401) };
        return responses;
    }

    private static JsonObject Reference(string definition) => new() { ["$ref"] = $"#/definitions/{definition}" };

    private static JsonArray Texts(ImmutableArray<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
