using System.Net;
using System.Text.Json;

namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>A whole answer.</summary>
public sealed record ClusterResponse(HttpStatusCode Code, byte[] Body, TimeSpan? RetryAfter)
{
    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;

    public bool Succeeded => (int)Code is >= 200 and < 300;

    /// <summary>The cluster is overloaded or broken rather than unwilling: the same request may work later.</summary>
    public bool Transient => Code is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)Code >= 500;

    /// <summary>The body as JSON; an empty object when it is none.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                return JsonSerializer.Deserialize<JsonElement>(Body);
            }
            catch (JsonException)
            {
                return Nothing;
            }
        }
    }

    /// <summary>The Status message, or the code when there is none.</summary>
    public string Message => Json is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("message", out var message) && message.GetString() is { Length: > 0 } text
        ? text
        : $"the cluster answered {(int)Code} {Code}";
}
