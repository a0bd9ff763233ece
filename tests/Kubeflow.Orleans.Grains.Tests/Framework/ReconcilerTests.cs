using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>The shell around every state machine, over a real store and a cluster in memory.</summary>
public sealed class ReconcilerTests : IAsyncLifetime
{
    private static readonly ResourceKey Key = new(TwoPodsMachine.ResourceName, "default", "job");

    private readonly FakeCluster cluster = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-reconciler-");
    private SqliteResourceStore store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(folder.FullName, "store.db") }, TimeProvider.System, null, Cancellation);
        var job = new JsonObject
        {
            ["apiVersion"] = "test.example/v1",
            ["kind"] = "TwoPods",
            ["metadata"] = new JsonObject { ["name"] = "job", ["namespace"] = "default", ["uid"] = "uid-1" },
        };
        await store.WriteAsync([new CreateOperation(Key, Document.FromNode(job)) { Wake = Wake.At(TimeProvider.System.GetUtcNow()) }], Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Decision_creates_children_and_tells_of_each_once()
    {
        var reconciler = Reconciler();
        var pending = new PendingEffects(TimeProvider.System);

        Assert.Equal(Outcome.LookAgain, await reconciler.ReconcileAsync(Key, pending, Cancellation));
        Assert.Equal(Outcome.Settled, await reconciler.ReconcileAsync(Key, pending, Cancellation));

        Assert.Equal(["create job-0", "create job-1"], cluster.Calls.Order());
        var said = Assert.Single(cluster.Events, said => said.Reason == "SuccessfulCreatePod");
        Assert.Equal(("two-pods-controller", "Created pod: job-0, job-1"), (said.Component, said.Message));
    }

    [Fact]
    public async Task Children_the_watch_has_not_shown_yet_are_not_created_again()
    {
        cluster.HoldView();
        var reconciler = Reconciler();
        var pending = new PendingEffects(TimeProvider.System);

        for (var turn = 0; turn < 5; turn++)
        {
            await reconciler.ReconcileAsync(Key, pending, Cancellation);
        }

        Assert.Equal(2, cluster.Calls.Count);
    }

    [Fact]
    public async Task Loser_of_the_status_write_never_reaches_the_cluster()
    {
        var machine = new TwoPodsMachine
        {
            // Another writer changes the object between the read and the write of this decision.
            WhileDeciding = () => Touch().GetAwaiter().GetResult(),
        };

        var outcome = await Reconciler(machine).ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation);

        Assert.Equal(Outcome.LookAgain, outcome);
        Assert.Empty(cluster.Calls);
        Assert.Empty(cluster.Events);
    }

    [Fact]
    public async Task Death_between_status_and_actions_leaves_a_near_wake_and_the_next_turn_carries_on()
    {
        cluster.BeforeCreate = () => throw new InvalidOperationException("the silo dies here");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Reconciler().ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation));

        var stored = await store.GetAsync(Key, Cancellation);
        Assert.True(stored!.NextWake <= TimeProvider.System.GetUtcNow() + Orleans.Grains.Framework.Reconciler.UnfinishedActions);

        cluster.BeforeCreate = () => { };
        var pending = new PendingEffects(TimeProvider.System);
        await Reconciler().ReconcileAsync(Key, pending, Cancellation);
        await Reconciler().ReconcileAsync(Key, pending, Cancellation);

        Assert.Equal(["job-0", "job-1"], cluster.Pods.Select(pod => pod.Name).Order());
        Assert.True((await store.GetAsync(Key, Cancellation))!.NextWake > TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Name_held_by_another_owner_is_waited_for_and_told()
    {
        cluster.NextCreates.Enqueue(new CreateOutcome.AlreadyExists("other-pod", "other-owner"));

        var outcome = await Reconciler().ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation);

        Assert.Equal(Outcome.TryAgain, outcome);
        Assert.Contains(cluster.Events, said => said is { Type: "Warning", Reason: "FailedCreatePod" });
    }

    [Fact]
    public async Task Unreachable_cluster_is_tried_again_without_noise()
    {
        cluster.NextCreates.Enqueue(new CreateOutcome.Unavailable("no answer", null));
        cluster.NextCreates.Enqueue(new CreateOutcome.Unavailable("no answer", null));

        var outcome = await Reconciler().ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation);

        Assert.Equal(Outcome.TryAgain, outcome);
        Assert.DoesNotContain(cluster.Events, said => said.Type == "Warning");
    }

    [Fact]
    public async Task Nothing_is_decided_before_the_first_list_has_come_in()
    {
        cluster.Synced = false;

        Assert.Equal(Outcome.TryAgain, await Reconciler().ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation));

        Assert.Empty(cluster.Calls);
    }

    [Fact]
    public async Task Two_activations_of_one_object_make_one_set_of_children()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var reconciler = Reconciler();
            var pending = new PendingEffects(TimeProvider.System);
            for (var turn = 0; turn < 20; turn++)
            {
                await reconciler.ReconcileAsync(Key, pending, Cancellation);
            }
        }));

        Assert.Equal(["job-0", "job-1"], cluster.Pods.Select(pod => pod.Name).Order());
        var named = cluster.Events.Where(said => said.Reason == "SuccessfulCreatePod").SelectMany(said => said.Message["Created pod: ".Length..].Split(", "));
        Assert.Equal(["job-0", "job-1"], named.Order());
    }

    [Fact]
    public async Task Further_child_is_created_repaired_once_and_deleted_although_the_watch_is_slow()
    {
        var machine = new ConfigMapMachine();
        var reconciler = Reconciler(machine);
        var pending = new PendingEffects(TimeProvider.System);
        await SettleAsync(reconciler, pending);
        var created = Assert.Single(cluster.ChildrenOf(Key, "uid-1"));

        machine.Value = "b";
        await reconciler.ReconcileAsync(Key, pending, Cancellation);
        var repaired = Assert.Single(cluster.ChildrenOf(Key, "uid-1"));
        cluster.Set(created);
        await SettleAsync(reconciler, pending);
        cluster.Set(repaired);
        await SettleAsync(reconciler, pending);

        machine.Value = null;
        await SettleAsync(reconciler, pending);
        cluster.Set(repaired);
        await SettleAsync(reconciler, pending);

        Assert.Equal("b", repaired.Content.GetProperty("data").GetProperty("key").GetString());
        Assert.Equal(["create job-config", "update job-config", "delete job-config"], cluster.Calls);
        Assert.Equal(["SuccessfulCreateConfigMap", "SuccessfulUpdateConfigMap", "SuccessfulDeleteConfigMap"], cluster.Events.Select(said => said.Reason));
    }

    [Fact]
    public async Task Notes_stand_until_a_decision_changes_them()
    {
        await SettleAsync(Reconciler(new NotingMachine()), new PendingEffects(TimeProvider.System));
        var stored = await store.GetAsync(Key, Cancellation);
        Assert.Equal("""{"seen":true}""", System.Text.Encoding.UTF8.GetString(stored!.Notes.Span));
    }

    [Fact]
    public async Task Further_child_changed_by_somebody_else_is_brought_back()
    {
        var reconciler = Reconciler(new ConfigMapMachine());
        var pending = new PendingEffects(TimeProvider.System);
        await SettleAsync(reconciler, pending);
        var created = Assert.Single(cluster.ChildrenOf(Key, "uid-1"));

        cluster.Set(created with { ResourceVersion = "5", Content = System.Text.Json.JsonSerializer.SerializeToElement(new { data = new { key = "spoilt" } }) });
        await SettleAsync(reconciler, pending);

        Assert.Equal("a", Assert.Single(cluster.ChildrenOf(Key, "uid-1")).Content.GetProperty("data").GetProperty("key").GetString());
    }

    [Fact]
    public async Task Child_of_a_kind_only_others_observe_is_left_alone()
    {
        cluster.Set(new ObservedChild { Kind = ChildKind.Of<V1Service>(), Name = "job-service", Uid = "service-1", OwnerUid = "uid-1", ResourceVersion = "1" });

        await SettleAsync(Reconciler(new ConfigMapMachine()), new PendingEffects(TimeProvider.System));

        Assert.Equal(["create job-config"], cluster.Calls);
    }

    [Fact]
    public async Task Deleted_object_needs_nobody()
    {
        var version = (await store.GetAsync(Key, Cancellation))!.Document.Metadata.ResourceVersion;
        await store.WriteAsync([new DeleteOperation(Key, version)], Cancellation);

        Assert.Equal(Outcome.Finished, await Reconciler().ReconcileAsync(Key, new PendingEffects(TimeProvider.System), Cancellation));
    }

    private Reconciler Reconciler(IStateMachine? machine = null) => Shell.Around(store, [cluster], machine ?? new TwoPodsMachine());

    private static async Task SettleAsync(Reconciler reconciler, PendingEffects pending)
    {
        for (var turn = 0; turn < 4; turn++)
        {
            await reconciler.ReconcileAsync(Key, pending, Cancellation);
        }
    }

    private async Task Touch()
    {
        var stored = await store.GetAsync(Key, CancellationToken.None);
        var node = stored!.Document.ToNode();
        node["metadata"]!["labels"] = new JsonObject { ["touched"] = "yes" };
        await store.WriteAsync([new UpdateOperation(Key, stored.Document.Metadata.ResourceVersion, Document.FromNode(node))], CancellationToken.None);
    }

    /// <summary>Wants one config map of one value, or none.</summary>
    /// <summary>Notes once that it has looked, and moves its wake every time.</summary>
    private sealed class NotingMachine : IStateMachine
    {
        public string Resource => Key.Resource;

        public string Component => "noting-controller";

        public Decision Decide(Situation situation) => situation.Notes.ValueKind == System.Text.Json.JsonValueKind.Object
            ? new Decision { Status = new JsonObject { ["looked"] = true }, NextWake = situation.Now.AddHours(1) }
            : new Decision { Notes = new JsonObject { ["seen"] = true }, NextWake = situation.Now };
    }

    private sealed class ConfigMapMachine : IStateMachine
    {
        public string? Value { get; set; } = "a";

        public string Resource => TwoPodsMachine.ResourceName;

        public string Component => "config-map-controller";

        public IReadOnlyCollection<ChildKind> ChildKinds => [ChildKind.Of<V1ConfigMap>()];

        public Decision Decide(Situation situation) => new()
        {
            Actions = [.. WantedChildren.Actions(Value is null ? [] : [ConfigMap(Value)], situation.Children)],
            NextWake = situation.Now + TimeSpan.FromMinutes(10),
        };

        private static V1ConfigMap ConfigMap(string value) => new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "job-config",
                NamespaceProperty = "default",
                OwnerReferences = [new V1OwnerReference { ApiVersion = "test.example/v1", Kind = "TwoPods", Name = "job", Uid = "uid-1", Controller = true }],
            },
            Data = new Dictionary<string, string> { ["key"] = value },
        };
    }
}
