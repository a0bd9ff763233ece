using System.Text.Json.Nodes;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Core;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests;

/// <summary>Whole jobs in a cluster that knows nothing of our objects.</summary>
public sealed class JobTests(TargetCluster cluster)
{
    [Fact]
    public async Task Job_runs_to_its_end_with_children_that_refer_to_nobody()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);

        var job = await plane.SubmitAsync(team, Jobs.TFJob(cluster, "one"));
        await plane.UntilAsync(team, "one", "Succeeded");

        var pods = await cluster.Api.ListAsync(team.Pods);
        Assert.Equal(["one-worker-0", "one-worker-1"], pods.Select(pod => pod.Name()).Order());
        var children = pods.Concat(await cluster.Api.ListAsync(team.Services)).ToList();
        Assert.All(children, child =>
        {
            Assert.Null(child["metadata"]!["ownerReferences"]);
            Assert.Equal(job.Uid(), (string?)child["metadata"]!["labels"]![WellKnown.OwnerUidLabel]);
        });
        Assert.Contains(await cluster.Api.ListAsync(team.Events), said => (string?)said["reason"] == "TFJobSucceeded" && (string?)said["involvedObject"]!["uid"] == job.Uid());
    }

    [Fact]
    public async Task Job_fails_when_its_pods_do()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "bad", exitCode: 3));

        await plane.UntilAsync(team, "bad", "Failed");
    }

    [Fact]
    public async Task Finished_job_cleans_up_as_its_policy_says()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "tidy", cleanPodPolicy: "All"));
        await plane.UntilAsync(team, "tidy", "Succeeded");

        await UntilEmptyAsync(team);
    }

    [Fact]
    public async Task Job_in_a_namespace_the_cluster_does_not_have_gets_it()
    {
        await using var team = cluster.Unmade();
        await using var plane = await ControlPlane.StartAsync(cluster);

        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "first"));

        await plane.UntilAsync(team, "first", "Succeeded");
    }

    [Fact]
    public async Task Children_of_a_deleted_job_go()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "gone", seconds: Jobs.Forever));
        await plane.UntilAsync(team, "gone", "Running");

        await plane.Api.DeleteAsync($"{team.Jobs}/gone");

        await UntilEmptyAsync(team);
    }

    [Fact]
    public async Task Children_of_a_job_deleted_while_no_silo_ran_go_and_those_of_others_stay()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await using var other = await ControlPlane.StartAsync(cluster);
        await other.SubmitAsync(team, Jobs.TFJob(cluster, "foreign", seconds: Jobs.Forever));
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "orphan", seconds: Jobs.Forever));
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "kept", seconds: Jobs.Forever));
        await other.UntilAsync(team, "foreign", "Running");
        await plane.UntilAsync(team, "orphan", "Running");
        await plane.UntilAsync(team, "kept", "Running");
        var before = await UidsAsync(team, "kept", "foreign");
        await plane.StopAsync();
        await plane.ForgetAsync(team, "orphan");

        await plane.StartAgainAsync();

        await Until.TrueAsync("the orphans to go", async () => (await UidsAsync(team, "orphan")).Count == 0);
        Assert.Equal(before, await UidsAsync(team, "kept", "foreign"));
    }

    [Fact]
    public async Task Job_made_again_under_its_old_name_waits_for_the_old_pods_and_runs()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "again", seconds: Jobs.Forever));
        await plane.UntilAsync(team, "again", "Running");

        await plane.Api.DeleteAsync($"{team.Jobs}/again");
        var second = await plane.SubmitAsync(team, Jobs.TFJob(cluster, "again"));
        await plane.UntilAsync(team, "again", "Succeeded");

        Assert.All(await cluster.Api.ListAsync(team.Pods), pod => Assert.Equal(second.Uid(), (string?)pod["metadata"]!["labels"]![WellKnown.OwnerUidLabel]));
    }

    [Fact]
    public async Task Job_deleted_in_the_foreground_goes_after_its_children()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "front", seconds: Jobs.Forever));
        await plane.UntilAsync(team, "front", "Running");

        await plane.Api.DeleteAsync($"{team.Jobs}/front", new JsonObject { ["propagationPolicy"] = "Foreground" });

        await Until.TrueAsync("the job to go", async () => await plane.Api.FindAsync($"{team.Jobs}/front") is null);
        Assert.Empty(await cluster.Api.ListAsync(team.Pods));
        Assert.Empty(await cluster.Api.ListAsync(team.Services));
    }

    [Fact]
    public async Task Job_deleted_with_orphaning_leaves_its_pods_running()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "parent", seconds: Jobs.Forever));
        await plane.UntilAsync(team, "parent", "Running");
        var before = await UidsAsync(team, "parent");

        await plane.Api.DeleteAsync($"{team.Jobs}/parent", new JsonObject { ["propagationPolicy"] = "Orphan" });
        await Until.TrueAsync("the job to go", async () => await plane.Api.FindAsync($"{team.Jobs}/parent") is null);
        await plane.StopAsync();
        await plane.StartAgainAsync();
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "later"));
        await plane.UntilAsync(team, "later", "Succeeded");

        Assert.Equal(before, await UidsAsync(team, "parent"));
    }

    [Fact]
    public async Task Running_job_is_found_again_by_the_next_silo()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var plane = await ControlPlane.StartAsync(cluster);
        await plane.SubmitAsync(team, Jobs.TFJob(cluster, "long", seconds: 4));
        await plane.UntilAsync(team, "long", "Running");
        var before = await UidsAsync(team, "long");

        await plane.StopAsync();
        await plane.StartAgainAsync();
        await plane.UntilAsync(team, "long", "Succeeded");

        Assert.Equal(before, await UidsAsync(team, "long"));
    }

    private Task UntilEmptyAsync(TestNamespace team) => Until.TrueAsync(
        $"nothing to be left in {team.Name}", async () => (await cluster.Api.ListAsync(team.Pods)).Count == 0 && (await cluster.Api.ListAsync(team.Services)).Count == 0);

    private async Task<IReadOnlyList<string>> UidsAsync(TestNamespace team, params string[] jobs) =>
    [
        .. (await cluster.Api.ListAsync(team.Pods, $"training.kubeflow.org/job-name in ({string.Join(',', jobs)})")).Where(pod => !pod.IsTerminating()).Select(pod => pod.Uid()).Order(),
    ];
}
