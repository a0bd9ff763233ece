using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Silo;
using Kubeflow.Orleans.Silo.Clusters;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>A silo without a cluster of its own, on a home folder that outlives its stops.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("kfo-plane-");
    private readonly SiloSettings settings;
    private RunningSilo? silo;
    private Api? api;

    private ControlPlane(IEnumerable<ClusterSettings> clusters) =>
        settings = new SiloSettings { Home = home.FullName, Port = 0, StopsOnSignals = false, LogLevel = "Error", Clusters = [.. clusters] };

    public Api Api => api!;

    /// <summary>Drives the clusters of these kubeconfigs, by name.</summary>
    public static async Task<ControlPlane> StartAsync(params IEnumerable<(string Name, string Kubeconfig)> clusters)
    {
        var plane = new ControlPlane(clusters.Select(cluster => new ClusterSettings(cluster.Name, ClusterAccess.Parse(cluster.Kubeconfig))));
        await plane.StartAgainAsync();
        return plane;
    }

    public static Task<ControlPlane> StartAsync(TargetCluster cluster) => StartAsync([("default", cluster.Kubeconfig)]);

    public async Task StartAgainAsync()
    {
        silo = await SiloHost.StartAsync(settings, TestContext.Current.CancellationToken);
        api = new Api(silo.KubeconfigPath);
    }

    public async Task StopAsync()
    {
        api?.Dispose();
        api = null;
        if (silo is not null)
        {
            await silo.DisposeAsync();
            silo = null;
        }
    }

    /// <summary>Takes a job out of the store while nobody looks.</summary>
    public async Task ForgetAsync(TestNamespace @namespace, string name)
    {
        Assert.Null(silo);
        await using var store = await SqliteResourceStore.OpenAsync(
            new SqliteStoreOptions { Path = Path.Combine(settings.DataDirectory, "store.db") }, TimeProvider.System, null, TestContext.Current.CancellationToken);
        var key = new ResourceKey("tfjobs.kubeflow.org", @namespace.Name, name);
        var version = (await store.GetAsync(key, TestContext.Current.CancellationToken))!.Document.Metadata.ResourceVersion;
        await store.WriteAsync([new DeleteOperation(key, version)], TestContext.Current.CancellationToken);
    }

    public Task<JsonObject> SubmitAsync(TestNamespace @namespace, JsonObject job) => Api.CreateAsync(@namespace.Jobs, job);

    public async Task<JsonObject> JobAsync(TestNamespace @namespace, string name) =>
        await Api.FindAsync($"{@namespace.Jobs}/{name}") ?? throw new InvalidOperationException($"There is no job {name}.");

    public Task UntilAsync(TestNamespace @namespace, string name, string condition, TimeSpan? limit = null) =>
        Until.TrueAsync($"{name} to be {condition}", async () => (await JobAsync(@namespace, name)).IsTrue(condition), limit);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        home.Delete(recursive: true);
    }
}
