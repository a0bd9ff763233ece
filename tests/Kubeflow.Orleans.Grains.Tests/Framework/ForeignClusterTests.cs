using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>Clusters that know nothing of our objects: what must go we take away ourselves; one that cannot be used is told of in the status.</summary>
public sealed class ForeignClusterTests : IAsyncLifetime
{
    private static readonly ResourceKey Key = new(TwoPodsMachine.ResourceName, "default", "job");

    private readonly FakeCluster first = new() { Name = "first", CollectsGarbage = false };
    private readonly FakeCluster second = new() { Name = "second", CollectsGarbage = false };
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-foreign-");
    private SqliteResourceStore store = null!;
    private Reconciler reconciler = null!;
    private PendingEffects pending = new(TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(folder.FullName, "store.db") }, TimeProvider.System, null, Cancellation);
        reconciler = Shell.Around(store, [first, second], new TwoPodsMachine());
        await CreateAsync("uid-1");
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Children_of_a_deleted_object_are_deleted()
    {
        await SettleAsync();
        await RemoveAsync();

        Assert.Equal(Outcome.Finished, await ReconcileAsync());

        Assert.Empty(first.Pods);
    }

    [Fact]
    public async Task Children_of_an_object_deleted_while_the_cluster_refuses_are_tried_again()
    {
        await SettleAsync();
        await RemoveAsync();
        first.RefusesDeletes = true;

        Assert.Equal(Outcome.TryAgain, await ReconcileAsync());
        first.RefusesDeletes = false;
        Assert.Equal(Outcome.Finished, await ReconcileAsync());

        Assert.Empty(first.Pods);
    }

    [Fact]
    public async Task Children_of_a_predecessor_of_the_same_name_make_room()
    {
        first.Set(Pod("job-0", "uid-0"));

        await SettleAsync();

        Assert.Contains("delete job-0", first.Calls);
        Assert.Equal(2, first.PodsOf(Key, "uid-1").Count);
    }

    [Fact]
    public async Task Object_deleted_in_the_foreground_goes_after_its_children()
    {
        await SettleAsync();
        await MarkDeletedAsync(DependentFinalizers.Foreground);

        Assert.Equal(Outcome.Settled, await ReconcileAsync());
        Assert.NotNull(await store.GetAsync(Key, Cancellation));
        Assert.Empty(first.Pods);
        await ReconcileAsync();

        Assert.Null(await store.GetAsync(Key, Cancellation));
    }

    [Fact]
    public async Task Object_deleted_with_orphaning_lets_its_children_go()
    {
        await SettleAsync();
        await MarkDeletedAsync(DependentFinalizers.Orphan);

        await ReconcileAsync();

        Assert.Null(await store.GetAsync(Key, Cancellation));
        Assert.Equal(["disown job-0", "disown job-1"], first.Calls.Where(call => call.StartsWith("disown", StringComparison.Ordinal)).Order());
        Assert.DoesNotContain(first.Calls, call => call.StartsWith("delete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Finalizer_of_somebody_else_is_left_alone()
    {
        await SettleAsync();
        await MarkDeletedAsync(DependentFinalizers.Foreground, "example.com/mine");

        await ReconcileAsync();
        await ReconcileAsync();

        Assert.Equal(["example.com/mine"], (await store.GetAsync(Key, Cancellation))!.Document.Metadata.Finalizers);
    }

    [Fact]
    public async Task Object_runs_in_the_cluster_it_names()
    {
        await ChangeAsync(node => node["metadata"]!["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = "second" });

        await SettleAsync();

        Assert.Empty(first.Pods);
        Assert.Equal(2, second.Pods.Count);
    }

    [Fact]
    public async Task Object_that_names_none_runs_where_its_namespace_says()
    {
        var team = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject { ["name"] = "default", ["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = "second" } },
        };
        await store.WriteAsync([new CreateOperation(new ResourceKey("namespaces", "", "default"), Document.FromNode(team))], Cancellation);

        await SettleAsync();

        Assert.Equal(2, second.Pods.Count);
    }

    [Fact]
    public async Task Object_that_moves_starts_in_its_new_cluster_when_the_old_one_is_empty()
    {
        await SettleAsync();
        await ChangeAsync(node => node["metadata"]!["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = "second" });

        Assert.Equal(Outcome.Settled, await ReconcileAsync());
        Assert.Empty(first.Pods);
        Assert.Empty(second.Pods);
        await SettleAsync();

        Assert.Equal(2, second.Pods.Count);
    }

    [Fact]
    public async Task Unknown_cluster_is_told_once_and_what_runs_goes_on()
    {
        await SettleAsync();
        await ChangeAsync(node => node["metadata"]!["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = "nowhere" });

        await SettleAsync();

        Assert.Equal(ClusterCondition.Unknown, await ReasonAsync());
        Assert.Equal(2, first.Pods.Count);
        Assert.Single(first.Events, said => said.Reason == ClusterCondition.Unknown);
    }

    [Fact]
    public async Task Unreachable_cluster_is_told_once_and_not_asked_until_it_is_back()
    {
        first.Trouble = "connection refused";
        await SettleAsync();
        var version = await VersionAsync();
        await SettleAsync();

        Assert.Equal(ClusterCondition.Unreachable, await ReasonAsync());
        Assert.Equal(version, await VersionAsync());
        Assert.Empty(first.Calls);
        Assert.Contains(Key, first.Waiting);

        first.Trouble = null;
        await SettleAsync();

        Assert.Null(await ReasonAsync());
        Assert.Equal(2, first.Pods.Count);
    }

    [Fact]
    public async Task Object_that_has_ended_does_not_mind_an_unreachable_cluster()
    {
        await SettleAsync();
        await ChangeAsync(node => node["status"]!["conditions"] = new JsonArray(new JsonObject { ["type"] = "Succeeded", ["status"] = "True" }));
        first.Trouble = "connection refused";

        await SettleAsync();

        Assert.Null(await ReasonAsync());
    }

    private static ObservedPod Pod(string name, string ownerUid) => new()
    {
        Name = name,
        Namespace = "default",
        Uid = Guid.NewGuid().ToString(),
        OwnerUid = ownerUid,
        Phase = "Running",
        Labels = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add(WellKnown.OwnerResourceLabel, TwoPodsMachine.ResourceName).Add("owner", "job"),
    };

    private Task<Outcome> ReconcileAsync() => reconciler.ReconcileAsync(Key, pending, Cancellation);

    private async Task SettleAsync()
    {
        pending = new PendingEffects(TimeProvider.System);
        for (var turn = 0; turn < 5; turn++)
        {
            await ReconcileAsync();
        }
    }

    private async Task<string?> ReasonAsync()
    {
        var root = (await store.GetAsync(Key, Cancellation))!.Document.Root;
        return ClusterCondition.ReasonIn(root.TryGetProperty("status", out var status) ? status : default(JsonElement));
    }

    private async Task<long> VersionAsync() => (await store.GetAsync(Key, Cancellation))!.Document.Metadata.ResourceVersion;

    private async Task CreateAsync(string uid)
    {
        var job = new JsonObject
        {
            ["apiVersion"] = "test.example/v1",
            ["kind"] = "TwoPods",
            ["metadata"] = new JsonObject { ["name"] = "job", ["namespace"] = "default", ["uid"] = uid },
        };
        await store.WriteAsync([new CreateOperation(Key, Document.FromNode(job)) { Wake = Wake.At(TimeProvider.System.GetUtcNow()) }], Cancellation);
    }

    private async Task RemoveAsync() => await store.WriteAsync([new DeleteOperation(Key, await VersionAsync())], Cancellation);

    private Task MarkDeletedAsync(params string[] finalizers) => ChangeAsync(node =>
    {
        node["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]);
        node["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    });

    private async Task ChangeAsync(Action<JsonObject> change)
    {
        var stored = (await store.GetAsync(Key, Cancellation))!.Document;
        var node = stored.ToNode();
        change(node);
        Assert.IsType<Committed>((await store.WriteAsync([new UpdateOperation(Key, stored.Metadata.ResourceVersion, Document.FromNode(node))], Cancellation))[0]);
    }
}
