using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.Cli.Api;

/// <summary>The API server refused a request.</summary>
internal sealed class ApiException(ApiStatus status) : Exception(status.Message)
{
    public ApiStatus Status { get; } = status;

    public bool NotFound => Status.Code == (int)HttpStatusCode.NotFound;

    public bool AlreadyExists => Status.Reason == "AlreadyExists";

    /// <summary>Reads a Status; whatever else stands in the body becomes the message.</summary>
    public static ApiException Read(HttpStatusCode code, string body)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject node && node["kind"]?.GetValue<string>() == "Status")
            {
                return Read(node, (int)code);
            }
        }
        catch (JsonException)
        {
            // Not the API machinery's answer (a proxy, a crash page): shown as it is.
        }

        return new ApiException(new ApiStatus((int)code, code.ToString(), body.Length == 0 ? $"the server answered {(int)code} {code}" : body.Trim()));
    }

    public static ApiException Read(JsonObject status, int code) => new(new ApiStatus(
        status["code"]?.GetValue<int>() ?? code, status["reason"]?.GetValue<string>() ?? "", status["message"]?.GetValue<string>() ?? ""));
}
