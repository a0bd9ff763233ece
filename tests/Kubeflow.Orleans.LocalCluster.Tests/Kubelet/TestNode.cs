using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>One node with a real kubelet on a memory cluster, in a directory of its own. Disposing leaves no process behind.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly NetworkMode mode;
    private readonly KubeletOptions options;

    private TestNode(NetworkMode mode, MemoryCluster cluster, Func<KubeletOptions, KubeletOptions>? configure)
    {
        this.mode = mode;
        Cluster = cluster;
        Directory = System.IO.Directory.CreateTempSubdirectory("kubelet-test-").FullName;
        var defaults = new KubeletOptions { NodeName = "node-a", DataDirectory = Path.Combine(Directory, "node"), ShutdownGracePeriod = TimeSpan.FromSeconds(3) };
        options = configure?.Invoke(defaults) ?? defaults;
    }

    public MemoryCluster Cluster { get; }

    public string Directory { get; }

    public ClusterNetwork Network { get; private set; } = null!;

    public ProcessKubelet Kubelet { get; private set; } = null!;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestNode> StartAsync(NetworkMode mode = NetworkMode.Detect, Func<KubeletOptions, KubeletOptions>? configure = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pods as processes are tested on Linux.");
        var node = new TestNode(mode, new MemoryCluster(TimeProvider.System), configure);
        await node.StartKubeletAsync();
        return node;
    }

    public async Task StartKubeletAsync()
    {
        Network = new ClusterNetwork(new ClusterNetworkOptions { DataDirectory = Path.Combine(Directory, "network"), Mode = mode }, Cluster, new TestLogger<ClusterNetwork>());
        await Network.StartAsync(Token);
        Kubelet = new ProcessKubelet(options, Cluster, Network, TimeProvider.System, new TestLogger<ProcessKubelet>());
        await Kubelet.StartAsync(Token);
    }

    public async Task StopKubeletAsync()
    {
        await Kubelet.StopAsync(CancellationToken.None);
        await Kubelet.DisposeAsync();
        await Network.DisposeAsync();
    }

    /// <summary>A pod as the API server and the scheduler leave it for this node.</summary>
    public static JsonObject Pod(string name, string spec, string metadata = "{}")
    {
        var node = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = JsonNode.Parse(metadata), ["spec"] = JsonNode.Parse(spec) };
        node["metadata"]!["name"] = name;
        node["metadata"]!["generation"] = 1;
        node["spec"]!["nodeName"] = "node-a";
        node["status"] = JsonNode.Parse("""{"phase":"Pending","qosClass":"BestEffort","conditions":[{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}]}""");
        return node;
    }

    /// <summary>A pod of one container that runs a line of sh.</summary>
    public static JsonObject ShellPod(string name, string script, string spec = "{}", string container = "{}")
    {
        var pod = Pod(name, spec);
        var main = JsonNode.Parse(container)!.AsObject();
        main["name"] = "c";
        main["image"] = "busybox:1";
        main["command"] = new JsonArray("sh", "-c", script);
        pod["spec"]!["containers"] = new JsonArray(main);
        pod["spec"]!["restartPolicy"] ??= "Never";
        return pod;
    }

    public async Task<string> LogAsync(string pod, string container = "", PodLogOptions? logOptions = null, string @namespace = "default")
    {
        using var output = new MemoryStream();
        await Kubelet.Logs.ReadAsync(@namespace, pod, container, logOptions ?? new PodLogOptions(), output, Token);
        return System.Text.Encoding.UTF8.GetString(output.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var document in await Cluster.ListAsync("pods", null, CancellationToken.None))
        {
            Cluster.Delete(document.Metadata.Name, 0, document.Metadata.Namespace);
        }

        await Cluster.UntilAsync("the node has no pod left", _ => System.IO.Directory.GetDirectories(Path.Combine(options.DataDirectory, "pods")).Length == 0);
        await StopKubeletAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>What is logged shows up with the test's output.</summary>
internal sealed class TestLogger<T> : ILogger<T>
{
    private readonly ITestOutputHelper? output = TestContext.Current.TestOutputHelper;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        output?.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
}
