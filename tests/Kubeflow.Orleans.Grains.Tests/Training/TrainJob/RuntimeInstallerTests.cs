using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

/// <summary>Built-in runtimes are there from the first start, and what users make of them stays.</summary>
public sealed class RuntimeInstallerTests : IAsyncLifetime
{
    private const string Resource = "clustertrainingruntimes.trainer.kubeflow.org";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-");
    private SqliteResourceStore store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(folder.FullName, "store.db") }, TimeProvider.System, null, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task First_start_gives_all_and_the_next_changes_nothing()
    {
        await StartAsync();
        var given = (await store.ListAsync(new ListQuery(Resource), Cancellation)).Items;
        Assert.Equal(BuiltInRuntimes.All.Select(runtime => runtime.Name).Order(), given.Select(runtime => runtime.Metadata.Name).Order());
        Assert.All(given, runtime => Assert.NotEqual("", runtime.Metadata.Uid));

        var head = await store.HeadAsync(Cancellation);
        await StartAsync();
        Assert.Equal(head, await store.HeadAsync(Cancellation));
    }

    [Fact]
    public async Task Changed_runtime_stays_changed_and_a_deleted_one_deleted()
    {
        await StartAsync();
        var changed = (await store.GetAsync(Key("torch-distributed"), Cancellation))!.Document;
        var node = changed.ToNode();
        node["spec"]!["mlPolicy"]!["numNodes"] = 9;
        await store.WriteAsync([new UpdateOperation(Key("torch-distributed"), changed.Metadata.ResourceVersion, Document.FromNode(node))], Cancellation);
        var deleted = (await store.GetAsync(Key("jax-distributed"), Cancellation))!.Document;
        await store.WriteAsync([new DeleteOperation(Key("jax-distributed"), deleted.Metadata.ResourceVersion)], Cancellation);

        await StartAsync();

        Assert.Equal(9, (await store.GetAsync(Key("torch-distributed"), Cancellation))!.Document.Root.GetProperty("spec").GetProperty("mlPolicy").GetProperty("numNodes").GetInt32());
        Assert.Null(await store.GetAsync(Key("jax-distributed"), Cancellation));
    }

    [Fact]
    public async Task Runtime_of_that_name_that_was_there_before_stays()
    {
        var own = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "torch-distributed", ["uid"] = "own" } };
        await store.WriteAsync([new CreateOperation(Key("torch-distributed"), Document.FromNode(own))], Cancellation);
        await StartAsync();
        Assert.Equal("own", (await store.GetAsync(Key("torch-distributed"), Cancellation))!.Document.Metadata.Uid);
        Assert.NotNull(await store.GetAsync(Key("jax-distributed"), Cancellation));
    }

    private static ResourceKey Key(string name) => new(Resource, "", name);

    private Task StartAsync() => new RuntimeInstaller(store, TimeProvider.System).StartAsync(Cancellation);
}
