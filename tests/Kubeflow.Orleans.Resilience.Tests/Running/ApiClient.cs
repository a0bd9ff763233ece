using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Running;

/// <summary>An answer: acknowledged when the code says so.</summary>
internal sealed record ApiAnswer(HttpStatusCode Code, JsonObject Body)
{
    public bool IsSuccess => (int)Code is >= 200 and < 300;

    public ApiAnswer RequireSuccess() => IsSuccess ? this : throw new InvalidOperationException($"{(int)Code}: {Body.ToJsonString()}");
}

/// <summary>Raw HTTP towards one life of a silo.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public ApiClient(string kubeconfig, int connections = 64)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(configuration.SslCaCerts);
        Address = new Uri(configuration.Host);
        Token = configuration.AccessToken;
        Tls = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, TargetHost = Address.Host };
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, SslOptions = Tls }) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public Uri Address { get; }

    public string Token { get; }

    public SslClientAuthenticationOptions Tls { get; }

    public HttpClient Http { get; }

    /// <summary>The silo died or was not there: what was asked may or may not have happened.</summary>
    public static bool IsNoAnswer(Exception problem) => problem is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException;

    public async Task<bool> IsReadyAsync()
    {
        using var response = await Http.GetAsync(Relative("readyz"), TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode;
    }

    public Task<ApiAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, "application/json");

    public Task<ApiAnswer> CreateAsync(string collection, JsonObject body) => SendAsync(HttpMethod.Post, collection, body.ToJsonString(), "application/json");

    public Task<ApiAnswer> PatchAsync(string path, string mergePatch) => SendAsync(HttpMethod.Patch, path, mergePatch, "application/merge-patch+json");

    public Task<ApiAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null, "application/json");

    public async Task<string> GetTextAsync(string path)
    {
        using var limit = Limited();
        return await Http.GetStringAsync(Relative(path), limit.Token);
    }

    /// <summary>The items of a collection, and the version they were listed at.</summary>
    public async Task<(IReadOnlyList<JsonObject> Items, long Version)> ListAsync(string collection)
    {
        var list = (await GetAsync(collection)).RequireSuccess().Body;
        return ([.. list["items"]!.AsArray().Select(item => item!.AsObject())], list.Version());
    }

    public void Dispose() => Http.Dispose();

    private async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body, string mediaType)
    {
        using var limit = Limited();
        using var request = new HttpRequestMessage(method, Relative(path));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(mediaType));
        }

        using var response = await Http.SendAsync(request, limit.Token);
        var text = await response.Content.ReadAsStringAsync(limit.Token);
        return new ApiAnswer(response.StatusCode, JsonNode.Parse(text)!.AsObject());
    }

    private static CancellationTokenSource Limited()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        return limit;
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);
}
