using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using Kubeflow.Orleans.Kubernetes.Connection;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>Plain requests to an API server, as the tests make them: behind the back of what is tested.</summary>
internal sealed class Api(string kubeconfig) : IDisposable
{
    private readonly ClusterTransport transport = new(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig), TimeSpan.FromSeconds(30), TimeProvider.System);

    public async Task<JsonObject?> FindAsync(string path)
    {
        var response = await SendAsync(HttpMethod.Get, path, null);
        return response.Code == HttpStatusCode.NotFound ? null : Require(response);
    }

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path, string selector = "")
    {
        var list = Require(await SendAsync(HttpMethod.Get, selector.Length == 0 ? path : $"{path}?labelSelector={Uri.EscapeDataString(selector)}", null));
        return [.. list["items"]!.AsArray().Select(item => item!.AsObject())];
    }

    public async Task<JsonObject> CreateAsync(string path, JsonObject body) => Require(await SendAsync(HttpMethod.Post, path, body.ToJsonString()));

    public async Task<JsonObject> PatchAsync(string path, JsonObject patch) => Require(await SendAsync(HttpMethod.Patch, path, patch.ToJsonString()));

    public async Task DeleteAsync(string path, JsonObject? options = null)
    {
        var response = await SendAsync(HttpMethod.Delete, path, (options ?? new JsonObject { ["propagationPolicy"] = "Background" }).ToJsonString());
        Assert.True(response.Succeeded || response.Code == HttpStatusCode.NotFound, response.Message);
    }

    public Task<ClusterResponse> SendAsync(HttpMethod method, string path, string? body) => transport.SendAsync(method, path, body, TestContext.Current.CancellationToken);

    public void Dispose() => transport.Dispose();

    private static JsonObject Require(ClusterResponse response) =>
        response.Succeeded ? JsonSerializer.Deserialize<JsonObject>(response.Body)! : throw new InvalidOperationException($"{(int)response.Code}: {response.Message}");
}
