using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Errors;

/// <summary>One entry of <c>details.causes</c>.</summary>
public sealed record StatusCause(string Reason, string Message, string Field);

/// <summary>The <c>details</c> of a Status; empty members are left out of the JSON.</summary>
public sealed record StatusDetails
{
    public string Name { get; init; } = "";

    public string Group { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Uid { get; init; } = "";

    public ImmutableArray<StatusCause> Causes { get; init; } = [];

    public int RetryAfterSeconds { get; init; }
}

/// <summary>A Kubernetes <c>Status</c>: how every refused request is answered.</summary>
public sealed record ApiStatus(int Code, string Reason, string Message, StatusDetails? Details = null)
{
    /// <summary>Where an expired list may be taken up again; empty: nowhere.</summary>
    public string Continue { get; init; } = "";

    public JsonObject ToNode()
    {
        var metadata = new JsonObject();
        Add(metadata, "continue", Continue);
        var node = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = metadata, ["status"] = Code < 400 ? "Success" : "Failure" };
        Add(node, "message", Message);
        Add(node, "reason", Reason);
        if (Details is not null)
        {
            var details = new JsonObject();
            Add(details, "name", Details.Name);
            Add(details, "group", Details.Group);
            Add(details, "kind", Details.Kind);
            Add(details, "uid", Details.Uid);
            if (!Details.Causes.IsDefaultOrEmpty)
            {
                details["causes"] = new JsonArray([.. Details.Causes.Select(ToNode)]);
            }

            if (Details.RetryAfterSeconds > 0)
            {
                details["retryAfterSeconds"] = Details.RetryAfterSeconds;
            }

            node["details"] = details;
        }

        if (Code >= 400)
        {
            node["code"] = Code;
        }

        return node;
    }

    private static JsonObject ToNode(StatusCause cause)
    {
        var node = new JsonObject();
        Add(node, "reason", cause.Reason);
        Add(node, "message", cause.Message);
        Add(node, "field", cause.Field);
        return node;
    }

    private static void Add(JsonObject node, string name, string value)
    {
        if (value.Length > 0)
        {
            node[name] = value;
        }
    }
}

/// <summary>A request is refused with <see cref="Status"/>. Thrown by the API machinery only; stores and grains answer with results.</summary>
public sealed class StatusException(ApiStatus status) : Exception(status.Message)
{
    public ApiStatus Status { get; } = status;
}
