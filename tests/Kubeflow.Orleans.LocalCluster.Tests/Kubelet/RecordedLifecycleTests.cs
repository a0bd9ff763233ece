using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>
/// Replays the pods whose life was recorded on a real Kubernetes with real processes and compares the whole sequence of statuses:
/// phase, reason, conditions, container states, restart counts, readiness.
/// </summary>
public sealed class RecordedLifecycleTests
{
    /// <summary>
    /// In a container the main process is number 1 of its namespace, which the kernel keeps from SIGTERM unless it handles it: it ends by
    /// SIGKILL when the grace period is over (137). Here it is a process like any other and ends at once (143).
    /// </summary>
    private static readonly string[] EndedBySigterm = ["delkill", "sidecar", "deadline", "live"];

    [Theory]
    [InlineData("ok")]
    [InlineData("fail3")]
    [InlineData("init")]
    [InlineData("initfail")]
    [InlineData("sidecar")]
    [InlineData("badcmd")]
    [InlineData("noimage")]
    [InlineData("nocm")]
    [InlineData("novol")]
    [InlineData("sig9")]
    [InlineData("ready")]
    public async Task Recorded_pod_shows_the_same_statuses(string name)
    {
        var recorded = RecordedLifecycle.Statuses(name);
        await using var node = await TestNode.StartAsync();
        Submit(node, name);
        await UntilAsync(node, name, recorded[^1]);
        Compare(name, recorded, Ours(node, name));
    }

    [Theory]
    [InlineData("crash")]
    [InlineData("live")]
    [InlineData("pullfail")]
    public async Task Recorded_pod_that_fails_again_and_again_shows_the_same_statuses_up_to_its_first_back_off(string name)
    {
        var recorded = RecordedLifecycle.Statuses(name);
        var heldBack = recorded.FindIndex(status => status.Contains("BackOff", StringComparison.Ordinal));
        Assert.True(heldBack > 0, "The recording reaches its first back-off.");
        recorded = recorded[..(heldBack + 1)];
        await using var node = await TestNode.StartAsync();
        Submit(node, name);
        await UntilAsync(node, name, recorded[^1]);
        Compare(name, recorded, Ours(node, name));
    }

    [Theory]
    [InlineData("del")]
    [InlineData("delkill")]
    public async Task Recorded_pod_that_is_deleted_shows_the_same_statuses(string name)
    {
        await using var node = await TestNode.StartAsync();
        Submit(node, name);
        await node.Cluster.UntilAsync($"{name} runs its loop", cluster => cluster.Phase(name, RecordedLifecycle.Namespace) == "Running" && (name != "del" || File.Exists(Marker(node))));
        node.Cluster.Delete(name, 3, RecordedLifecycle.Namespace);
        await node.Cluster.UntilAsync($"{name} is gone", cluster => cluster.Find("pods", name, RecordedLifecycle.Namespace) is null);
        Compare(name, RecordedLifecycle.Statuses(name), Ours(node, name));
    }

    /// <summary>The recorded container started so late that its deadline had passed; what is left to compare is how it ends.</summary>
    [Fact]
    public async Task Recorded_pod_that_exceeds_its_deadline_ends_with_the_same_status()
    {
        var recorded = RecordedLifecycle.Statuses("deadline")[^1];
        await using var node = await TestNode.StartAsync();
        Submit(node, "deadline");
        await node.Cluster.UntilAsync("deadline has failed", cluster => cluster.Phase("deadline", RecordedLifecycle.Namespace) == "Failed");
        Assert.Equal(recorded.Replace("exitCode=137", "exitCode=143", StringComparison.Ordinal), Ours(node, "deadline")[^1]);
    }

    private static void Compare(string name, List<string> recorded, List<string> ours)
    {
        if (EndedBySigterm.Contains(name))
        {
            recorded = [.. recorded.Select(status => status.Replace("exitCode=137", "exitCode=143", StringComparison.Ordinal))];
        }

        Assert.True(recorded.SequenceEqual(ours), $"recorded:\n{string.Join('\n', recorded)}\nours:\n{string.Join('\n', ours)}");
    }

    private static List<string> Ours(TestNode node, string name) => RecordedLifecycle.Statuses(node.Cluster.HistoryOf(name));

    private static Task UntilAsync(TestNode node, string name, string status)
    {
        var wanted = EndedBySigterm.Contains(name) ? status.Replace("exitCode=137", "exitCode=143", StringComparison.Ordinal) : status;
        return node.Cluster.UntilAsync($"{name} shows\n{wanted}", _ => Ours(node, name) is [.., var last] && last == wanted);
    }

    private static string Marker(TestNode node) => Path.Combine(node.Directory, "x");

    /// <summary>The manifest, defaulted and bound; host paths replaced by the test's own, and a mark where the recording just waited.</summary>
    private static void Submit(TestNode node, string name)
    {
        var text = RecordedLifecycle.Manifest(name).ToJsonString().Replace("/tmp/x", Marker(node), StringComparison.Ordinal);
        var manifest = JsonNode.Parse(text.Replace("while true", $"echo > {Marker(node)}; while true", StringComparison.Ordinal))!;
        node.Cluster.Put("pods", TestNode.Pod(name, manifest["spec"]!.ToJsonString(), manifest["metadata"]!.ToJsonString()));
    }
}
