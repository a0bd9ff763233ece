using System.Diagnostics;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Kubernetes.Connection;
using Kubeflow.Orleans.Kubernetes.Ownership;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Driver;

/// <summary>The driver alone, before a server that says what no server should.</summary>
public sealed class DriverTests : IAsyncLifetime
{
    private const string Pods = "api/v1/pods";
    private static readonly ResourceKey Owner = new("tfjobs.kubeflow.org", "team", "job");

    private ScriptedServer server = null!;
    private ClusterTransport transport = null!;
    private KubernetesCluster? cluster;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await ScriptedServer.StartAsync();
        transport = server.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.StopAsync(CancellationToken.None);
            cluster.Dispose();
        }

        transport.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(200, "<html>welcome</html>")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"items":{},"metadata":[]}""")]
    [InlineData(200, """{"items":[1,"two",null],"metadata":{"resourceVersion":7}}""")]
    [InlineData(410, "gone")]
    [InlineData(500, "")]
    [InlineData(302, "")]
    public async Task Nonsense_in_a_list_is_survived(int code, string body)
    {
        server.List(Pods, code, body);
        server.List(Pods, 200, ScriptedServer.ListOf(Pod("a", "1")));

        await StartAsync();

        await Until.TrueAsync("the pod to be seen", () => View.PodsOf(Owner, "owner").Count == 1);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"type":"ADDED","object":{}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"resourceVersion":"11"}}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"resourceVersion":"11","labels":[],"annotations":7,"ownerReferences":"x"},"status":[],"spec":1}}""")]
    [InlineData("""{"type":7,"object":{"metadata":{"resourceVersion":"11"}}}""")]
    [InlineData("""{"type":"ERROR","object":{}}""")]
    [InlineData("""{"type":"ERROR","object":{"code":"many"}}""")]
    public async Task Nonsense_in_a_watch_is_survived(string line)
    {
        server.Watch(Pods, line, ScriptedServer.Event("ADDED", Pod("a", "12")));

        await StartAsync();

        await Until.TrueAsync("the pod to be seen", () => View.PodsOf(Owner, "owner").Count == 1);
    }

    [Fact]
    public async Task Kind_the_cluster_does_not_serve_holds_nobody_up()
    {
        var kind = new ChildKind("scheduling.volcano.sh", "v1beta1", "podgroups", "PodGroup");
        server.List(kind.Path, 404, "404 page not found");

        await StartAsync(kind);

        await Until.TrueAsync("the view to be complete", () => View.Synced && View.HasSynced(kind));
        Assert.Null(View.Trouble);
    }

    [Fact]
    public async Task Pods_that_may_not_be_listed_are_told_of()
    {
        server.List(Pods, 403, """{"message":"pods is forbidden"}""");

        await StartAsync();

        await Until.TrueAsync("the refusal to be told", () => View.Trouble == "pods is forbidden");
    }

    [Fact]
    public async Task Late_events_neither_turn_a_pod_back_nor_bring_a_deleted_one_again()
    {
        server.Watch(
            Pods,
            ScriptedServer.Event("ADDED", Pod("a", "11", "Pending")),
            ScriptedServer.Event("MODIFIED", Pod("a", "13", "Running")),
            ScriptedServer.Event("MODIFIED", Pod("a", "12", "Pending")),
            ScriptedServer.Event("DELETED", Pod("b", "15")),
            ScriptedServer.Event("ADDED", Pod("b", "14")),
            ScriptedServer.Event("ADDED", Pod("last", "16")));

        await StartAsync();
        await Until.TrueAsync("the last pod to be seen", () => View.PodsOf(Owner, "owner").Any(pod => pod.Name == "last"));

        Assert.Equal(["a Running", "last Pending"], View.PodsOf(Owner, "owner").Select(pod => $"{pod.Name} {pod.Phase}"));
    }

    [Fact]
    public async Task Pod_that_claims_an_owner_in_another_namespace_is_not_his()
    {
        var forged = Pod("forged", "3");
        forged["metadata"]!["namespace"] = "elsewhere";
        server.List(Pods, 200, ScriptedServer.ListOf(Pod("a", "1"), forged));

        await StartAsync();
        await Until.TrueAsync("the pod to be seen", () => View.PodsOf(Owner, "owner").Count > 0);

        Assert.Equal(["a"], View.PodsOf(Owner, "owner").Select(pod => pod.Name));
    }

    [Fact]
    public async Task Silo_that_owns_some_shards_watches_only_those()
    {
        cluster = new KubernetesCluster(
            transport, new ClusterOptions("default", new LabelledOwnership("plane", "default")) { Shards = [3, 17] }, TimeProvider.System, NullLogger<KubernetesCluster>.Instance);
        await cluster.StartAsync(Cancellation);

        await Until.TrueAsync("the view to be complete", () => View.Synced);

        Assert.All(server.Requests, request => Assert.Contains($"{WellKnown.ShardLabel} in (3,17)", Uri.UnescapeDataString(request), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Overloaded_server_is_given_the_time_it_asks_for()
    {
        server.Refusals.Enqueue((429, "1"));
        Create();
        var started = Stopwatch.GetTimestamp();

        var outcome = await cluster!.CreateAsync(new V1Pod { Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "team" } }, Cancellation);

        Assert.IsType<CreateOutcome.Created>(outcome);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(1));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Update_sends_only_what_differs()
    {
        var kind = ChildKind.Of<V1ConfigMap>();
        var seen = Pod("map", "1");
        seen["data"] = new JsonObject { ["same"] = "a", ["changed"] = "b" };
        server.List(kind.Path, 200, ScriptedServer.ListOf(seen));
        await StartAsync(kind);
        await Until.TrueAsync("the map to be seen", () => View.ChildrenOf(Owner, "owner").Count == 1);
        var wanted = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta
            {
                Name = "map",
                NamespaceProperty = "team",
                Labels = new Dictionary<string, string> { [WellKnown.OwnerResourceLabel] = Owner.Resource },
                OwnerReferences = [new V1OwnerReference { ApiVersion = "kubeflow.org/v1", Kind = "TFJob", Name = "job", Uid = "owner", Controller = true }],
            },
            Data = new Dictionary<string, string> { ["same"] = "a", ["changed"] = "c" },
        };

        Assert.Equal("""{"data":{"changed":"c"}}""", ManifestDifference.Of(wanted, View.ChildrenOf(Owner, "owner")[0].Content)!.ToJsonString());
        wanted.Data["changed"] = "b";
        var before = server.Requests.Count(request => request.StartsWith("PATCH", StringComparison.Ordinal));
        Assert.IsType<ChangeResult.Accepted>(await cluster!.UpdateAsync(wanted, "uid-map", Cancellation));
        Assert.Equal(before, server.Requests.Count(request => request.StartsWith("PATCH", StringComparison.Ordinal)));
    }

    private IClusterView View => cluster!.View;

    private void Create(params ChildKind[] kinds) => cluster = new KubernetesCluster(
        transport, new ClusterOptions("default", new LabelledOwnership("plane", "default")) { Kinds = [.. kinds] }, TimeProvider.System, NullLogger<KubernetesCluster>.Instance);

    private Task StartAsync(params ChildKind[] kinds)
    {
        Create(kinds);
        return cluster!.StartAsync(Cancellation);
    }

    private static JsonObject Pod(string name, string version, string phase = "Pending") => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = "team",
            ["uid"] = $"uid-{name}",
            ["resourceVersion"] = version,
            ["labels"] = new JsonObject { [WellKnown.ControlPlaneLabel] = "plane.default", [WellKnown.OwnerResourceLabel] = Owner.Resource },
            ["annotations"] = new JsonObject { [WellKnown.OwnerAnnotation] = """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","name":"job","uid":"owner","controller":true}""" },
        },
        ["status"] = new JsonObject { ["phase"] = phase },
    };
}
