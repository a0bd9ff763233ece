using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

/// <summary>The embedded cluster over a real store in a directory of its own, without HTTP.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    private readonly IHost host;
    private readonly SqliteResourceStore store;
    private readonly ChangeFeed feed;
    private readonly string directory;

    private RunningCluster(IHost host, SqliteResourceStore store, ChangeFeed feed, string directory)
    {
        this.host = host;
        this.store = store;
        this.feed = feed;
        this.directory = directory;
    }

    public IResourceService Resources => host.Services.GetRequiredService<IResourceService>();

    public IResourceStore Store => store;

    public IChangeFeed Feed => feed;

    public IServiceProvider Services => host.Services;

    public string DataDirectory => directory;

    private KindCatalog Catalog => host.Services.GetRequiredService<KindCatalog>();

    public static async Task<RunningCluster> StartAsync(Action<LocalClusterOptions> configure, string? directory = null, params ResourceKind[] kinds)
    {
        directory ??= Directory.CreateTempSubdirectory("kfo-cluster-").FullName;
        var store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(directory, "store.db") }, TimeProvider.System, null, Current);
        var feed = new ChangeFeed(store, TimeProvider.System, NullLogger<ChangeFeed>.Instance);
        await feed.StartAsync(Current);
        var builder = new HostBuilder().ConfigureServices(services =>
        {
            services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole());
            services.AddSingleton(TimeProvider.System);
            services.AddSingleton<IResourceStore>(store);
            services.AddSingleton<IChangeFeed>(feed);
            services.AddKubernetesApi();
            services.AddLocalCluster(options =>
            {
                options.DataDirectory = directory;
                options.ProcessNode = false;
                configure(options);
            });
            foreach (var kind in kinds)
            {
                services.AddSingleton(kind);
            }
        });
        var host = builder.Build();
        await host.StartAsync(Current);
        return new RunningCluster(host, store, feed, directory);
    }

    public Task<Document> CreateAsync(string yaml) => CreateAsync(Yaml.Node(yaml));

    public Task<Document> CreateAsync(JsonObject body)
    {
        var apiVersion = body["apiVersion"]!.GetValue<string>();
        var kind = Catalog.FindByApiVersion(apiVersion, body["kind"]!.GetValue<string>())!;
        var @namespace = body["metadata"]?["namespace"]?.GetValue<string>() ?? "default";
        return Resources.CreateAsync(kind, apiVersion[(apiVersion.IndexOf('/') + 1)..], kind.Namespaced ? @namespace : "", body, RequestOptions.Default, Current);
    }

    public Task<Document?> FindAsync(string key) => Resources.FindAsync(ResourceKey.Parse(key), Current);

    public Task<DeleteOutcome> DeleteAsync(string key, DeleteRequest? request = null)
    {
        var parsed = ResourceKey.Parse(key);
        return Resources.DeleteAsync(Catalog.Find(parsed.Resource)!, parsed.Namespace, parsed.Name, request ?? new DeleteRequest(), RequestOptions.Default, Current);
    }

    public async Task<IReadOnlyList<Document>> ListAsync(string resource, string? @namespace = null) =>
        (await Store.ListAsync(new ListQuery(resource) { Namespace = @namespace }, Current)).Items;

    /// <summary>Waits until the object is as expected (null: gone), looking again after every change of its resource.</summary>
    public async Task<Document?> WaitAsync(string key, string what, Func<Document?, bool> expected)
    {
        Document? last = null;
        await WaitAsync(ResourceKey.Parse(key).Resource, () => $"{key} {what}; it is {last?.ToString() ?? "not there"}", async () => expected(last = await FindAsync(key)));
        return last;
    }

    public async Task WaitAsync(string resource, Func<string> what, Func<Task<bool>> expected)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Current);
        limit.CancelAfter(TimeLimit);
        using var changes = feed.Subscribe(resource, await Store.HeadAsync(Current));
        try
        {
            while (!await expected())
            {
                await changes.ReadAsync(TimeLimit, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!Current.IsCancellationRequested)
        {
            Assert.Fail($"Waited {TimeLimit} for {what()}");
        }
    }

    /// <summary>Stops and gives the directory back, for another start on the same data.</summary>
    public async Task<string> StopAsync()
    {
        await host.StopAsync(Current);
        await ((IAsyncDisposable)host).DisposeAsync();
        await feed.DisposeAsync();
        await store.DisposeAsync();
        return directory;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(directory, recursive: true);
    }

    private static CancellationToken Current => TestContext.Current.CancellationToken;
}
