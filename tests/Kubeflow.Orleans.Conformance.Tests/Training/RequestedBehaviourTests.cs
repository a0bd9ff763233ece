using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Training;

/// <summary>What a job may ask for beyond Kubeflow, with real processes.</summary>
public sealed class RequestedBehaviourTests(ControlPlane controlPlane)
{
    [Fact]
    public async Task Master_that_waits_for_a_dead_worker_is_started_again_with_it()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var folder = Directory.CreateTempSubdirectory("kfo-group-").FullName;
        var script = $"""
            echo run >> {folder}/$RANK
            if [ "$RANK" = 1 ] && [ "$(wc -l < {folder}/1)" = 1 ]; then exit 3; fi
            if [ "$RANK" = 0 ] && [ "$(wc -l < {folder}/0)" = 1 ]; then trap 'exit 143' TERM; sleep 600 & wait; fi
            """;
        await CreateAsync(client, team, Manifests.PyTorchJob("group", script), "kubeflow-orleans.dev/restart-scope: Group", "OnFailure");

        var job = await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/group", job => Jobs.HasCondition(job, "Succeeded"), "succeeded");

        Assert.Equal(1, job["status"]!["restarts"]!.GetValue<int>());
        Assert.Equal(["run", "run"], await File.ReadAllLinesAsync(Path.Combine(folder, "0"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Job_that_cannot_be_scheduled_as_a_gang_here_says_so_and_makes_no_pods()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        await CreateAsync(client, team, Manifests.PyTorchJob("gang", "true"), "kubeflow-orleans.dev/gang-scheduler: volcano", "Never");

        var job = await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/gang", job => Jobs.HasCondition(job, "PodsPending"), "pending");

        Assert.Equal("GangSchedulerMissing", (string?)job["status"]!["conditions"]![0]!["reason"]);
        Assert.Empty((await client.GetAsync($"/api/v1/namespaces/{team}/pods")).Body["items"]!.AsArray());
    }

    [Fact]
    public async Task Workers_start_when_their_master_is_ready()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        await CreateAsync(client, team, Manifests.PyTorchJob("gated", "sleep 2", workers: 2), "kubeflow-orleans.dev/worker-start: WhenLeaderReady", "Never");

        await client.UntilAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs/gated", job => Jobs.HasCondition(job, "Succeeded"), "succeeded");

        var pods = (await client.GetAsync($"/api/v1/namespaces/{team}/pods")).Body["items"]!.AsArray();
        Assert.Equal(3, pods.Count);
        Assert.All(pods, pod => Assert.Null(pod!["spec"]!["initContainers"]));
    }

    private static async Task CreateAsync(RawClient client, string team, string manifest, string annotation, string restartPolicy)
    {
        var name = manifest.Split("name: ")[1].Split('\n')[0];
        var asking = manifest.Replace($"  name: {name}\n", $"  name: {name}\n  annotations: {{{annotation}}}\n", StringComparison.Ordinal)
            .Replace("restartPolicy: Never", $"restartPolicy: {restartPolicy}", StringComparison.Ordinal);
        var created = await client.PostAsync($"/apis/kubeflow.org/v1/namespaces/{team}/pytorchjobs?fieldValidation=Strict", asking, "application/yaml");
        Assert.True(created.Code == 201, created.ToString());
    }
}
