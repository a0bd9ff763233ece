using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Discovery;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>One group version as an OpenAPI 3 document.</summary>
internal static class OpenApiV3
{
    public static JsonObject Document(ServedVersion version)
    {
        var definitions = new DefinitionSet(OpenApiDialect.V3);
        definitions.AddMachinery();
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var resource in version.Resources)
        {
            foreach (var path in new ResourcePaths(version, resource, definitions.AddKind(resource)).All())
            {
                paths[path.Path] = PathItem(version, path);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = ServerVersion.Git },
            ["paths"] = new JsonObject(paths.Select(path => KeyValuePair.Create(path.Key, (JsonNode?)path.Value))),
            ["components"] = new JsonObject { ["schemas"] = definitions.ToNode() },
        };
    }

    private static JsonObject PathItem(ServedVersion version, ApiPath path)
    {
        var item = new JsonObject();
        foreach (var operation in path.Operations)
        {
            item[operation.Method] = Operation(version, operation);
        }

        item["parameters"] = Parameters(path.Parameters);
        return item;
    }

    private static JsonObject Operation(ServedVersion version, ApiOperation operation)
    {
        var node = new JsonObject
        {
            ["tags"] = new JsonArray(OpenApiTags.Of(version)),
            ["description"] = operation.Description,
            ["operationId"] = operation.Id,
            ["parameters"] = Parameters(operation.Parameters),
        };
        if (operation.Body.Length > 0)
        {
            node["requestBody"] = new JsonObject { ["content"] = Content(operation.Body, operation.BodyMediaTypes), ["required"] = operation.BodyRequired };
        }

        node["responses"] = Responses(operation);
        node["x-kubernetes-action"] = operation.Action;
        node["x-kubernetes-group-version-kind"] = operation.Type.ToNode();
        return node;
    }

    private static JsonObject Responses(ApiOperation operation)
    {
        var responses = new JsonObject();
        foreach (var (code, definition) in operation.Responses)
        {
            var response = new JsonObject { ["description"] = OpenApiTags.Describe(code) };
            if (definition.Length > 0)
            {
                response["content"] = Content(definition, ["application/json", "application/yaml"]);
            }

            responses[code.ToString(CultureInfo.InvariantCulture)] = response;
        }

        responses["401"] = new JsonObject { ["description"] = OpenApiTags.Describe(401) };
        return responses;
    }

    private static JsonObject Content(string definition, ImmutableArray<string> mediaTypes) => new(mediaTypes.Select(mediaType => KeyValuePair.Create(
        mediaType, (JsonNode?)new JsonObject { ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{definition}" } })));

    private static JsonArray Parameters(ImmutableArray<ApiParameter> parameters) => [.. parameters.Select(parameter =>
    {
        var node = new JsonObject { ["name"] = parameter.Name, ["in"] = parameter.In, ["description"] = parameter.Description };
        if (parameter.In == "path")
        {
            node["required"] = true;
        }

        node["schema"] = new JsonObject { ["type"] = parameter.Type, ["uniqueItems"] = true };
        return node;
    })];
}
