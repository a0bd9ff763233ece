using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Api;

/// <summary>Talks to a Kubernetes API with the certificates and credentials of a kubeconfig. Refusals come as <see cref="ApiException"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>Beyond this a plain request has failed; streams (watch, log -f) are bound by the caller's token alone.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    private readonly k8s.Kubernetes kubernetes;

    private ApiClient(KubernetesClientConfiguration configuration)
    {
        configuration.UserAgent = "kfo";
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        kubernetes = new k8s.Kubernetes(configuration);
        DefaultNamespace = string.IsNullOrEmpty(configuration.Namespace) ? "default" : configuration.Namespace;
    }

    public Uri Address => kubernetes.BaseUri;

    public string DefaultNamespace { get; }

    public static async Task<ApiClient> FromKubeconfigAsync(string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ApiClient(await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(path)));
    }

    public Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <summary>A list as the table the server would show for it.</summary>
    public Task<JsonObject> GetTableAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, cancellationToken, accept: TableMediaType);

    public Task<JsonObject> CreateAsync(string path, JsonObject body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, cancellationToken);

    /// <summary>Changes what the merge patch says, nothing else.</summary>
    public Task<JsonObject> MergeAsync(string path, JsonObject patch, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager=kfo", patch, cancellationToken, contentType: "application/merge-patch+json");

    public Task<JsonObject> DeleteAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, path, null, cancellationToken);

    /// <summary>The lines of an endless answer, as they come: a watch or a followed log.</summary>
    public async IAsyncEnumerable<string> ReadLinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken, string accept = "*/*")
    {
        using var request = await CreateRequestAsync(HttpMethod.Get, path, accept, cancellationToken);
        using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Whether a control plane answers there and says it is ready.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var request = await CreateRequestAsync(HttpMethod.Get, "/readyz", "*/*", limited.Token);
            using var response = await kubernetes.HttpClient.SendAsync(request, limited.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public void Dispose() => kubernetes.Dispose();

    internal const string TableMediaType = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    private async Task<JsonObject> SendAsync(
        HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken, string contentType = "application/json", string accept = "application/json")
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(RequestLimit);
        try
        {
            using var request = await CreateRequestAsync(method, path, accept, limited.Token);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(Document.FromNode(body).Utf8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } };
            }

            using var response = await kubernetes.HttpClient.SendAsync(request, limited.Token);
            await ThrowIfRefusedAsync(response, limited.Token);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync(limited.Token))!.AsObject();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException($"The control plane at {Address} did not answer within {RequestLimit.TotalSeconds:0} s.");
        }
    }

    private async Task<HttpRequestMessage> CreateRequestAsync(HttpMethod method, string path, string accept, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(Address, path));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        return request;
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw ApiException.Read(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }
}
