using System.Text.Json.Nodes;
using Kubeflow.Orleans.Clusters.Tests.Faults;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Core;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests;

/// <summary>A quiet cluster is left in peace, a dead one delays only its own jobs, several are driven at once.</summary>
public sealed class ConnectionTests(TargetCluster cluster)
{
    [Fact]
    public async Task Nothing_is_written_while_nothing_changes()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var proxy = await FaultyProxy.StartAsync(cluster);
        await using var plane = await ControlPlane.StartAsync([("default", proxy.Kubeconfig)]);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "quiet", seconds: Jobs.Forever));
        await plane.UntilAsync(team, "quiet", "Running");
        await SentinelAsync(plane, team, "before");
        var version = (string)(await plane.JobAsync(team, "quiet"))["metadata"]!["resourceVersion"]!;
        proxy.Requests.Clear();

        // Watches break and everything is listed again; then a job runs that shows that all of it has been digested.
        proxy.Plan = new ExpireOnce();
        proxy.CutAll();
        await Until.TrueAsync("pods to be listed again", () => proxy.Requests.Any(request => request.Path.EndsWith("/pods", StringComparison.Ordinal) && !request.IsWatch && !request.IsWrite));
        await SentinelAsync(plane, team, "after");

        var writes = proxy.Requests.Where(request => request.IsWrite && request.Path.Contains("quiet", StringComparison.Ordinal)).Select(request => $"{request.Method} {request.Path}").ToList();
        Assert.Empty(writes);
        Assert.Equal(4, proxy.Requests.Count(request => request.Method == "POST" && (request.Path.EndsWith("/pods", StringComparison.Ordinal) || request.Path.EndsWith("/services", StringComparison.Ordinal))));
        Assert.DoesNotContain(proxy.Requests, request => request.Method is "PUT" or "PATCH" && !request.Path.Contains("/events/", StringComparison.Ordinal));
        Assert.Equal(version, (string)(await plane.JobAsync(team, "quiet"))["metadata"]!["resourceVersion"]!);
    }

    [Fact]
    public async Task Dead_cluster_shows_in_its_jobs_only_and_they_go_on_when_it_is_back()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var proxy = await FaultyProxy.StartAsync(cluster);
        await using var plane = await ControlPlane.StartAsync([("alive", cluster.Kubeconfig), ("dying", proxy.Kubeconfig)]);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "hit", seconds: Jobs.Forever).InCluster("dying"));
        await plane.UntilAsync(team, "hit", "Running");
        var before = (await PodsAsync(team, "hit")).Select(pod => pod.Uid()).Order();

        proxy.GoDown();
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "delayed").InCluster("dying"));
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "untouched"));
        await plane.UntilAsync(team, "untouched", "Succeeded");
        await plane.UntilAsync(team, "hit", "ClusterUnavailable");
        await plane.UntilAsync(team, "delayed", "ClusterUnavailable");

        Assert.Equal("ClusterUnreachable", (string?)(await plane.JobAsync(team, "hit")).Condition("ClusterUnavailable")!["reason"]);
        Assert.Null((await plane.JobAsync(team, "untouched")).Condition("ClusterUnavailable"));
        proxy.ComeBack();
        await plane.UntilAsync(team, "delayed", "Succeeded");
        await Until.TrueAsync("the condition to go", async () => (await plane.JobAsync(team, "hit")).Condition("ClusterUnavailable") is null);
        Assert.True((await plane.JobAsync(team, "hit")).IsTrue("Running"));
        Assert.Equal(before, (await PodsAsync(team, "hit")).Select(pod => pod.Uid()).Order());
    }

    [Fact]
    public async Task Control_plane_starts_and_serves_while_its_cluster_is_away()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var proxy = await FaultyProxy.StartAsync(cluster);
        proxy.GoDown();
        await using var plane = await ControlPlane.StartAsync([("default", proxy.Kubeconfig)]);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "early"));
        await plane.UntilAsync(team, "early", "ClusterUnavailable");
        proxy.ComeBack();

        await plane.UntilAsync(team, "early", "Succeeded");
    }

    [Fact]
    public async Task Job_that_names_an_unknown_cluster_is_told_so_and_runs_when_it_names_another()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "lost").InCluster("atlantis"));
        await plane.UntilAsync(team, "lost", "ClusterUnavailable");
        await Until.TrueAsync("an event about it", async () => (await cluster.Api.ListAsync(team.Events)).Any(said => (string?)said["reason"] == "ClusterUnknown"));

        await plane.Api.PatchAsync($"{team.Jobs}/lost", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = null } } });

        await plane.UntilAsync(team, "lost", "Succeeded");
        Assert.Null((await plane.JobAsync(team, "lost")).Condition("ClusterUnavailable"));
    }

    [Fact]
    public async Task Watches_that_break_expire_and_repeat_themselves_lose_no_change()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var proxy = await FaultyProxy.StartAsync(cluster);
        await using var plane = await ControlPlane.StartAsync([("default", proxy.Kubeconfig)]);
        proxy.Plan = new BrokenWatches();

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "hard"));

        await plane.UntilAsync(team, "hard", "Succeeded");
    }

    /// <summary>A whole job, from its first pod to its last event.</summary>
    private async Task SentinelAsync(ControlPlane plane, TestNamespace team, string name)
    {
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, name));
        await plane.UntilAsync(team, name, "Succeeded");
        await Until.TrueAsync($"the last event of {name}", async () =>
            (await cluster.Api.ListAsync(team.Events)).Any(said => (string?)said["reason"] == "TFJobSucceeded" && (string?)said["involvedObject"]!["name"] == name));
    }

    private async Task<IReadOnlyList<JsonObject>> PodsAsync(TestNamespace team, string job) => await cluster.Api.ListAsync(team.Pods, $"training.kubeflow.org/job-name={job}");

    /// <summary>The next watch of each path is answered with 410.</summary>
    private sealed class ExpireOnce : FaultPlan
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> expired = new();

        public override Fault For(ProxiedRequest request) => request.IsWatch && expired.TryAdd(request.Path, true) ? Fault.Expired : Fault.None;

        public override WatchFault ForEvent() => WatchFault.None;
    }

    /// <summary>Each event meets another fate.</summary>
    private sealed class BrokenWatches : FaultPlan
    {
        private int events;

        public override Fault For(ProxiedRequest request) => Fault.None;

        public override WatchFault ForEvent() => (WatchFault)(Interlocked.Increment(ref events) % Enum.GetValues<WatchFault>().Length);
    }
}
