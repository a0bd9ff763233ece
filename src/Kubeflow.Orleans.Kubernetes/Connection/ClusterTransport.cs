using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using k8s;

namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>
/// HTTP to one cluster: addresses, TLS, credentials and token renewal are KubernetesClient's; bodies stay JSON, because what we need
/// of an answer is a few fields and building whole typed objects would cost more than the call.
/// </summary>
public sealed class ClusterTransport : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");

    private readonly k8s.Kubernetes kubernetes;
    private readonly TimeSpan requestTimeout;

    /// <param name="configuration">Where the cluster is and how to log in; its HTTP timeout is replaced, as watches last.</param>
    /// <param name="requestTimeout">The limit of one request that is no watch.</param>
    public ClusterTransport(KubernetesClientConfiguration configuration, TimeSpan requestTimeout)
    {
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.UserAgent ??= Core.WellKnown.ManagerName;
        kubernetes = new k8s.Kubernetes(configuration);
        this.requestTimeout = requestTimeout;
    }

    /// <summary>Sends one request and reads its whole answer. A patch is a merge patch.</summary>
    /// <exception cref="HttpRequestException">The cluster was not reached.</exception>
    /// <exception cref="TimeoutException">No answer within the limit: the outcome is unknown.</exception>
    public async Task<ClusterResponse> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(requestTimeout);
        try
        {
            using var response = await SendAsync(method, path, body, HttpCompletionOption.ResponseContentRead, limit.Token);
            var content = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return new ClusterResponse(response.StatusCode, content, response.Headers.RetryAfter?.Delta);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The cluster did not answer {method} {path} within {requestTimeout.TotalSeconds:0} s.");
        }
    }

    /// <summary>Opens a stream of lines (a watch). The caller disposes the response.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(requestTimeout);
        return await SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, limit.Token);
    }

    public void Dispose() => kubernetes.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd(Core.WellKnown.ManagerName);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, method == HttpMethod.Patch ? MergePatch : Json);
        }

        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        return await kubernetes.HttpClient.SendAsync(request, completion, cancellationToken);
    }
}

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
