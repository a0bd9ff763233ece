using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

public sealed class LogTests
{
    [Fact]
    public async Task Tail_limit_since_and_timestamps_select_lines()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.ShellPod("lines", "echo one; sleep 2; echo two; echo three"));
        await node.Cluster.PhaseAsync("lines", "Succeeded");
        Assert.Equal("three\n", await node.LogAsync("lines", logOptions: new PodLogOptions { TailLines = 1 }));
        Assert.Equal("", await node.LogAsync("lines", logOptions: new PodLogOptions { TailLines = 0 }));
        Assert.Equal("one\ntwo\nthree\n", await node.LogAsync("lines", logOptions: new PodLogOptions { TailLines = 9 }));
        Assert.Equal("one\ntw", await node.LogAsync("lines", logOptions: new PodLogOptions { LimitBytes = 6 }));
        var times = (await node.LogAsync("lines", logOptions: new PodLogOptions { Timestamps = true })).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => DateTimeOffset.Parse(line.Split(' ')[0], null)).ToList();
        Assert.InRange(times[1] - times[0], TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(3));
        Assert.Equal("two\nthree\n", await node.LogAsync("lines", logOptions: new PodLogOptions { SinceTime = times[0] + TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public async Task Following_delivers_lines_as_they_come_and_ends_with_the_container()
    {
        await using var node = await TestNode.StartAsync();
        var gate = Path.Combine(node.Directory, "gate");
        node.Cluster.Put("pods", TestNode.ShellPod("talk", $"echo one; until [ -e {gate} ]; do sleep 0.1; done; echo two"));
        await node.Cluster.PhaseAsync("talk", "Running");
        var pipe = new System.IO.Pipelines.Pipe();
        var copying = node.Kubelet.Logs.ReadAsync("default", "talk", "", new PodLogOptions { Follow = true }, pipe.Writer.AsStream(), TestNode.Token);
        using var reader = new StreamReader(pipe.Reader.AsStream());
        Assert.Equal("one", await reader.ReadLineAsync(TestNode.Token));
        await File.WriteAllTextAsync(gate, "", TestNode.Token);
        Assert.Equal("two", await reader.ReadLineAsync(TestNode.Token));
        await copying.WaitAsync(TimeSpan.FromSeconds(10), TestNode.Token);
    }

    [Fact]
    public async Task Previous_run_is_kept_until_the_next_but_one()
    {
        await using var node = await TestNode.StartAsync();
        var pod = TestNode.ShellPod("again", $"echo $$ >>{node.Directory}/runs; wc -l <{node.Directory}/runs; [ $(wc -l <{node.Directory}/runs) = 2 ]");
        pod["spec"]!["restartPolicy"] = "OnFailure";
        node.Cluster.Put("pods", pod);
        await node.Cluster.PhaseAsync("again", "Succeeded");
        Assert.Equal("1\n", await node.LogAsync("again", logOptions: new PodLogOptions { Previous = true }));
        Assert.Equal("2\n", await node.LogAsync("again"));
    }

    [Fact]
    public async Task Log_beyond_its_limit_loses_its_beginning_only()
    {
        await using var node = await TestNode.StartAsync(configure: options => options with { MaximumLogBytes = 1 << 20 });
        node.Cluster.Put("pods", TestNode.ShellPod("much", "i=0; while [ $i -lt 40 ]; do i=$((i+1)); head -c 100000 /dev/zero | tr '\\0' x; echo; echo line $i; sleep 0.05; done"));
        await node.Cluster.PhaseAsync("much", "Succeeded", TimeSpan.FromSeconds(30));
        var log = await node.LogAsync("much");
        Assert.InRange(log.Length, 900_000, 3 << 20);
        Assert.EndsWith("line 40\n", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "", 404, "pods \"nobody\" not found")]
    [InlineData("two", "", 400, "a container name must be specified for pod two, choose one of: [a b]")]
    [InlineData("two", "z", 400, "container z is not valid for pod two")]
    [InlineData("two", "a", 400, "container \"a\" in pod \"two\" is waiting to start: image can't be pulled")]
    public async Task Refusals_say_what_a_kubelet_says(string pod, string container, int code, string message)
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Put("pods", TestNode.Pod("two", """{"containers":[{"name":"a","image":"x","imagePullPolicy":"Never"},{"name":"b","image":"x","imagePullPolicy":"Never"}]}"""));
        await node.Cluster.UntilAsync("the images are found missing", cluster => cluster.HistoryOf("two")[^1].ToString().Contains("ErrImageNeverPull", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<StatusException>(() => node.LogAsync(pod, container));
        Assert.Equal((code, message), (refused.Status.Code, refused.Status.Message));
    }
}
