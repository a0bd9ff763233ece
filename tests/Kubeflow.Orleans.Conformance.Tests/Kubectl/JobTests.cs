using System.Text.Json.Nodes;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kubectl;

/// <summary>Running jobs and looking at them with every kubectl that is installed.</summary>
public sealed class JobTests(ControlPlane controlPlane)
{
    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Jobs_run_to_their_end_and_are_seen_in_every_format(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        (await kubectl.ApplyAsync(Manifests.TFJob("tf", "echo \"$TF_CONFIG\"", workers: 2) + "---\n" + Manifests.PyTorchJob("torch", "echo rank $RANK of $WORLD_SIZE"))).Succeeded();

        await kubectl.RunAsync("wait", "--for=condition=Succeeded", "tfjob/tf", "pytorchjob/torch", "--timeout=60s");

        Assert.Matches(@"(?m)^NAME +STATE +AGE\ntf +Succeeded +\d+s$", await kubectl.RunAsync("get", "tfjobs"));
        Assert.Matches(@"(?m)^torch +Succeeded +\d+s$", await kubectl.RunAsync("get", "pytorchjobs", "--output=wide"));
        Assert.Matches(@"(?m)^tf-worker-1 +0/1 +Completed +0 ", await kubectl.RunAsync("get", "pods", "--output=wide"));
        Assert.Equal(["service/tf-worker-0", "service/tf-worker-1", "service/torch-master-0", "service/torch-worker-0"], Lines(await kubectl.RunAsync("get", "services", "--output=name")));
        Assert.Matches(@"(?m)^tf-worker-0 +ClusterIP +None +<none> +2222/TCP ", await kubectl.RunAsync("get", "services"));
        Assert.Contains("\nkind: TFJob\n", await kubectl.RunAsync("get", "tfjob", "tf", "--output=yaml"), StringComparison.Ordinal);
        Assert.Equal(4, JsonNode.Parse(await kubectl.RunAsync("get", "pods", "--output=json"))!["items"]!.AsArray().Count);
        Assert.Contains("rank 0 of 2", await kubectl.RunAsync("logs", "torch-master-0"), StringComparison.Ordinal);
        Assert.Contains("tf-worker-1.", await kubectl.RunAsync("logs", "tf-worker-0"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Describe_and_events_tell_what_happened_to_a_job(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        (await kubectl.ApplyAsync(Manifests.TFJob("tf", "exit 3"))).Succeeded();

        await kubectl.RunAsync("wait", "--for=condition=Failed", "tfjob/tf", "--timeout=60s");

        var described = await kubectl.RunAsync("describe", "tfjob", "tf");
        Assert.Matches(@"Normal +SuccessfulCreatePod +\S+ +tfjob-controller +Created pod: tf-worker-0", described);
        Assert.Matches(@"TFJobFailed", described);
        var pod = await kubectl.RunAsync("describe", "pod", "tf-worker-0");
        Assert.Matches(@"Exit Code: +3\n", pod);
        Assert.Matches(@"Normal +Started +.+ +Started container|Normal +Started +.+ +Container started", pod);
        Assert.Contains("tfjob/tf", await kubectl.RunAsync("get", "events", "--output=wide"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task A_watch_shows_a_job_from_its_creation_to_its_deletion(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        await using var watch = kubectl.Start("get", "pytorchjobs", "--watch", "--output-watch-events", "--v=6");
        await watch.TellsAsync("watch=true");
        (await kubectl.ApplyAsync(Manifests.PyTorchJob("torch", "true"))).Succeeded();

        await watch.ShowsAsync("Succeeded");
        await kubectl.RunAsync("delete", "pytorchjob", "torch");
        var seen = await watch.ShowsAsync("DELETED");

        Assert.Matches(@"(?s)ADDED +torch .*MODIFIED +torch +Created .*MODIFIED +torch +Succeeded .*DELETED +torch ", seen);
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Logs_are_followed_until_the_container_ends(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        var gate = Path.Combine(controlPlane.Home, kubectl.Namespace);
        (await kubectl.ApplyAsync(Manifests.TFJob("tf", $"echo first; until [ -e {gate} ]; do sleep 0.1; done; echo last"))).Succeeded();
        await kubectl.RunAsync("wait", "--for=condition=Running", "tfjob/tf", "--timeout=60s");

        await using var logs = kubectl.Start("logs", "--follow", "tf-worker-0");
        await logs.ShowsAsync("first");
        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);

        Assert.Equal(["first", "last"], Lines((await logs.EndAsync()).Succeeded()));
        Assert.Equal("last\n", await kubectl.RunAsync("logs", "tf-worker-0", "--tail=1"));
    }

    [Theory]
    [MemberData(nameof(KubectlSession.VersionsAsync), MemberType = typeof(KubectlSession))]
    public async Task Deleting_a_running_job_takes_its_pods_along(string version)
    {
        var kubectl = await KubectlSession.OpenAsync(controlPlane, version);
        (await kubectl.ApplyAsync(Manifests.PyTorchJob("torch", "sleep 600"))).Succeeded();
        await kubectl.RunAsync("wait", "--for=condition=Running", "pytorchjob/torch", "--timeout=60s");

        await using var waits = kubectl.Start("wait", "--for=delete", "pod/torch-master-0", "pod/torch-worker-0", "--timeout=60s", "--v=6");
        await waits.TellsAsync("watch=true");
        await kubectl.RunAsync("delete", "pytorchjob", "torch");

        (await waits.EndAsync()).Succeeded();
        Assert.Equal("", await kubectl.RunAsync("get", "pods,services,pytorchjobs", "--output=name"));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
