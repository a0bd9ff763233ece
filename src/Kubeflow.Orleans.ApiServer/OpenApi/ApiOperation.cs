using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>One URL and what can be done with it; both OpenAPI versions are written from this.</summary>
internal sealed record ApiPath(string Path, ImmutableArray<ApiParameter> Parameters, ImmutableArray<ApiOperation> Operations);

/// <param name="Method">get, put, post, delete or patch.</param>
/// <param name="Action">What Kubernetes calls it: list, get, post, put, patch, delete, deletecollection, connect.</param>
internal sealed record ApiOperation(string Method, string Action, string Id, string Description, ObjectType Type)
{
    public ImmutableArray<ApiParameter> Parameters { get; init; } = [];

    /// <summary>The definition the body follows; empty: no body.</summary>
    public string Body { get; init; } = "";

    public bool BodyRequired { get; init; } = true;

    public ImmutableArray<string> BodyMediaTypes { get; init; } = ["application/json", "application/yaml"];

    /// <summary>Successful status codes and the definitions of what comes back; an empty one stands for a plain text.</summary>
    public ImmutableArray<(int Code, string Definition)> Responses { get; init; } = [];
}

/// <param name="In">path or query.</param>
/// <param name="Type">string, integer or boolean.</param>
internal sealed record ApiParameter(string Name, string In, string Type, string Description);

/// <summary>group, version and kind: how clients find the schema and the operations of an object.</summary>
internal sealed record ObjectType(string Group, string Version, string Kind)
{
    public JsonObject ToNode() => new() { ["group"] = Group, ["kind"] = Kind, ["version"] = Version };
}
