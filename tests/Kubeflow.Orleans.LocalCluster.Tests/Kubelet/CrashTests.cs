using System.Diagnostics;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>The control plane is killed at any moment, again and again; pods must not notice.</summary>
public sealed class CrashTests
{
    private const string DirectoryVariable = "KUBELET_CRASH_TEST_DIRECTORY";
    private const int Pods = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Kubelet_killed_at_random_moments_runs_every_container_exactly_once(int seed)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pods as processes are tested on Linux.");
        var directory = Directory.CreateTempSubdirectory("kubelet-crash-").FullName;
        var state = Path.Combine(directory, "objects");
        var initial = MemoryCluster.Load(state);
        for (var index = 0; index < Pods; index++)
        {
            initial.Put("pods", TestNode.ShellPod($"p{index}", $"echo $$ >>{directory}/starts{index}; sleep 4; echo $$ >>{directory}/ends{index}; exit {index + 1}"));
        }

        var random = new Random(seed);
        for (var round = 0; round < 6; round++)
        {
            using var kubelet = StartKubelet(directory);
            await Task.Delay(random.Next(150, 1200), TestNode.Token);
            kubelet.Kill();
            await kubelet.WaitForExitAsync(TestNode.Token);
        }

        using (var kubelet = StartKubelet(directory))
        {
            await initial.UntilAsync("every pod has failed", _ => Objects(state).All(pod => pod.At("status").Text("phase") == "Failed"));
            kubelet.Kill();
        }

        var pods = Objects(state).OrderBy(pod => pod.At("metadata").Text("name"), StringComparer.Ordinal).ToList();
        for (var index = 0; index < Pods; index++)
        {
            Assert.Single(await File.ReadAllLinesAsync($"{directory}/starts{index}", TestNode.Token));
            Assert.Single(await File.ReadAllLinesAsync($"{directory}/ends{index}", TestNode.Token));
            var status = pods[index].At("status").Items("containerStatuses").Single();
            Assert.Equal(index + 1, status.At("state").At("terminated").Integer("exitCode"));
            Assert.Equal(0, status.Integer("restartCount"));
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Container_whose_claim_was_cut_off_by_a_crash_is_lost_and_not_running_for_ever()
    {
        await using var node = await TestNode.StartAsync(configure: options => options with { StopPodsOnShutdown = false });
        var seconds = 100_000 + Environment.ProcessId;
        node.Cluster.Put("pods", TestNode.ShellPod("cut", $"echo up; sleep {seconds}"));
        await node.Cluster.PhaseAsync("cut", "Running");

        // Its shim has written the claim before it runs anything.
        await node.Cluster.UntilAsync("the container runs", _ => Directory.GetFiles(node.Directory, "*.log", SearchOption.AllDirectories).Any(log => ReadOrNothing(log) == "up\n"));
        await node.StopKubeletAsync();
        var claim = Directory.GetFiles(Path.Combine(node.Directory, "node", "pods"), "claim", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(claim, "", TestNode.Token);
        await node.StartKubeletAsync();
        await node.Cluster.PhaseAsync("cut", "Failed");
        var status = node.Cluster.Find("pods", "cut")!.Root.At("status").Items("containerStatuses").Single();
        Assert.Equal("ContainerStatusUnknown", status.At("state").At("terminated").Text("reason"));
        Assert.DoesNotContain(Directory.GetDirectories("/proc"), process => File.Exists($"{process}/cmdline") && ReadOrNothing($"{process}/cmdline") == $"sleep\0{seconds}\0");
    }

    [Fact]
    public async Task Remains_that_cannot_be_understood_do_not_keep_a_node_from_starting()
    {
        await using var node = await TestNode.StartAsync();
        await node.StopKubeletAsync();
        var remains = Directory.CreateDirectory(Path.Combine(node.Directory, "node", "pods", "unknown", "containers", "c", "not-a-number.1"));
        await node.StartKubeletAsync();
        node.Cluster.Put("pods", TestNode.ShellPod("next", "exit 0"));
        await node.Cluster.PhaseAsync("next", "Succeeded");
        Assert.True(remains.Exists);
        Directory.Delete(Path.Combine(node.Directory, "node", "pods", "unknown"), recursive: true);
    }

    /// <summary>The process that is killed; only ever run by the test above.</summary>
    [Fact(Explicit = true)]
    public async Task Kubelet_process()
    {
        var directory = Environment.GetEnvironmentVariable(DirectoryVariable);
        Assert.SkipWhen(directory is null, $"Runs only as a child of the crash test, which sets {DirectoryVariable}.");
        var cluster = MemoryCluster.Load(Path.Combine(directory!, "objects"));
        var network = new ClusterNetwork(new ClusterNetworkOptions { DataDirectory = Path.Combine(directory!, "network") }, cluster, NullLogger<ClusterNetwork>.Instance);
        await network.StartAsync(TestNode.Token);
        var options = new KubeletOptions { NodeName = "node-a", DataDirectory = Path.Combine(directory!, "node"), StopPodsOnShutdown = false };
        var kubelet = new ProcessKubelet(options, cluster, network, TimeProvider.System, NullLogger<ProcessKubelet>.Instance);
        await kubelet.StartAsync(TestNode.Token);
        await Task.Delay(Timeout.Infinite, TestNode.Token);
    }

    private static string ReadOrNothing(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static Process StartKubelet(string directory)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-explicit", "only", "-method", $"{typeof(CrashTests).FullName}.{nameof(Kubelet_process)}"]) { RedirectStandardOutput = true };
        start.Environment[DirectoryVariable] = directory;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return process;
    }

    private static List<JsonElement> Objects(string state) =>
        [.. File.ReadAllLines(state).Select(line => JsonDocument.Parse(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]).RootElement)];
}
