using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.ApiServer.OpenApi;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.ApiServer.Tests.Kinds;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kubeflow.Orleans.ApiServer.Tests;

/// <summary>The API machinery for real: Kestrel on loopback, a SQLite file, the live feed, and some kinds.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    public const string Token = "admintoken";

    public const string Jobs = "/apis/kubeflow.org/v1/namespaces/gold/tfjobs";

    private readonly WebApplication application;
    private readonly string directory;
    private readonly ChangeFeed feed;

    private TestApi(WebApplication application, string directory, SqliteResourceStore store, ChangeFeed feed)
    {
        this.feed = feed;
        this.application = application;
        this.directory = directory;
        Store = store;
        Address = new Uri(application.Urls.Single());
        Client = NewClient();
    }

    public Uri Address { get; }

    /// <summary>Sends the accepted token; waits as long as it takes, the tests' own limits apply.</summary>
    public HttpClient Client { get; }

    public SqliteResourceStore Store { get; }

    public IResourceService Service => application.Services.GetRequiredService<IResourceService>();

    public IHostApplicationLifetime Lifetime => application.Lifetime;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="prepare">Fills the store before anything reads it.</param>
    public static async Task<TestApi> StartAsync(
        Action<IServiceCollection>? services = null, Action<ApiServerOptions>? options = null, Func<IResourceStore, Task>? prepare = null)
    {
        var directory = Directory.CreateTempSubdirectory("kfo-api-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureForKubernetes()).UseUrls("http://127.0.0.1:0");
        var store = await SqliteResourceStore.OpenAsync(
            new SqliteStoreOptions { Path = Path.Combine(directory, "store.db"), Synchronous = SqliteSynchronous.Normal }, TimeProvider.System, null, Cancelled);
        await (prepare?.Invoke(store) ?? Task.CompletedTask);
        builder.Services.AddSingleton<IResourceStore>(store);
        var feed = new ChangeFeed(store, TimeProvider.System, NullLogger<ChangeFeed>.Instance);
        builder.Services.AddSingleton<IChangeFeed>(feed);
        foreach (var kind in (ResourceKind[])[new GoldenJobKind(), new NamespaceKind(), new ConfigMapKind(), new GracefulKind(), new LeaseKind()])
        {
            builder.Services.AddSingleton(kind);
        }

        services?.Invoke(builder.Services);
        builder.Services.AddKubernetesApi(api =>
        {
            api.Tokens.Add(new AcceptedToken(Token, "admin", ["system:masters"]));
            options?.Invoke(api);
        });
        var application = builder.Build();
        application.MapKubernetesApi();
        application.MapDiscovery();
        application.MapKubernetesOpenApi();
        await feed.StartAsync(Cancelled);
        await application.StartAsync(Cancelled);
        return new TestApi(application, directory, store, feed);
    }

    /// <summary>Starts with the namespace most tests work in.</summary>
    public static async Task<TestApi> StartWithNamespaceAsync(Action<IServiceCollection>? services = null, Action<ApiServerOptions>? options = null)
    {
        var api = await StartAsync(services, options);
        var (code, _) = await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces", """{"metadata":{"name":"gold"}}""");
        Assert.Equal(201, code);
        return api;
    }

    public HttpClient NewClient(string token = Token)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<(int Code, JsonNode Body)> SendAsync(HttpMethod method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var response = await Client.SendAsync(request, Cancelled);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        return ((int)response.StatusCode, JsonNode.Parse(text)!);
    }

    public Task<(int Code, JsonNode Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<(int Code, JsonNode Body)> MergeAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    public async Task<JsonNode> CreateJobAsync(string name, string metadata = "", string spec = "\"queue\":\"q\"")
    {
        var (code, body) = await SendAsync(HttpMethod.Post, Jobs, Job(name, metadata, spec));
        Assert.True(code == 201, body.ToJsonString());
        return body;
    }

    public static string Job(string name, string metadata = "", string spec = "\"queue\":\"q\"") =>
        $$$"""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"{{{name}}}"{{{metadata}}}},"spec":{ {{{spec}}} }}""";

    /// <summary>Stops the server as SIGTERM does; the files stay until the end.</summary>
    public Task StopAsync() => application.StopAsync(Cancelled);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await application.StopAsync(CancellationToken.None);
        await application.DisposeAsync();
        await feed.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
