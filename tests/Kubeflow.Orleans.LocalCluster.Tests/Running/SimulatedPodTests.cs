using System.Diagnostics;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

public sealed class SimulatedPodTests
{
    private const string Pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: one
          annotations: {}
        spec:
          restartPolicy: Never
          containers: [{name: c, image: busybox:1, command: [sh]}]
        """;

    [Fact]
    public async Task Pod_on_a_simulated_node_is_scheduled_runs_and_succeeds()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);

        await cluster.CreateAsync(Pod);

        var pod = await cluster.WaitAsync("pods/default/one", "to succeed", found => Phase(found) == "Succeeded");
        Assert.Equal("simulated-0000", pod!.Root.Text("spec", "nodeName"));
        Assert.Equal("PodCompleted", pod.Root.Items("status", "conditions").Single(condition => condition.Text("type") == "Ready").Text("reason"));
    }

    [Fact]
    public async Task Pod_with_an_exit_code_annotation_fails_with_it()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
        var body = Yaml.Node(Pod);
        body["metadata"]!["annotations"]!["kubeflow-orleans.dev/simulated-exit-code"] = "3";
        body["metadata"]!["annotations"]!["kubeflow-orleans.dev/simulated-duration"] = "10ms";

        await cluster.CreateAsync(body);

        var pod = await cluster.WaitAsync("pods/default/one", "to fail", found => Phase(found) == "Failed");
        Assert.Equal(3, pod!.Root.Items("status", "containerStatuses").Single().Integer("state", "terminated", "exitCode"));
    }

    [Fact]
    public async Task Pod_without_a_fitting_node_says_why_and_starts_when_one_comes()
    {
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 0);
        await cluster.CreateAsync(Pod);

        await cluster.WaitAsync("pods/default/one", "to be unschedulable", found => Message(found) == "no nodes available to schedule pods");
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Node
            metadata: {name: late, annotations: {kwok.x-k8s.io/node: fake}}
            """);

        await cluster.WaitAsync("pods/default/one", "to succeed", found => Phase(found) == "Succeeded");
    }

    [Fact]
    public async Task Two_thousand_pods_reach_their_end()
    {
        const int Count = 2000;
        await using var cluster = await RunningCluster.StartAsync(options => options.SimulatedNodes = 20);
        var cancellationToken = TestContext.Current.CancellationToken;
        var watch = Stopwatch.StartNew();

        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = cancellationToken }, async (index, _) =>
        {
            var body = Yaml.Node(Pod);
            body["metadata"]!["name"] = $"p{index}";
            await cluster.CreateAsync(body);
        });
        var created = watch.Elapsed;
        var succeeded = new HashSet<string>();
        using var changes = cluster.Feed.Subscribe("pods", 0);
        while (succeeded.Count < Count && watch.Elapsed < TimeSpan.FromSeconds(60))
        {
            var batch = await changes.ReadAsync(TimeSpan.FromSeconds(5), cancellationToken);
            succeeded.UnionWith(batch.Where(change => Phase(change.Document) == "Succeeded").Select(change => change.Key.Name));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Count} pods created in {created.TotalSeconds:0.00} s, succeeded after {watch.Elapsed.TotalSeconds:0.00} s");
        Assert.Equal(Count, succeeded.Count);
    }

    private static string Phase(Document? pod) => pod?.Root.Text("status", "phase") ?? "";

    private static string Message(Document? pod) =>
        pod?.Root.Items("status", "conditions").FirstOrDefault(condition => condition.Text("type") == "PodScheduled").Text("message") ?? "";
}
