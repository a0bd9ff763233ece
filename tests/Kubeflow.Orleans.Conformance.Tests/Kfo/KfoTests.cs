using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Kubeflow.Orleans.Silo;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kfo;

/// <summary><c>kfo</c> from the command line to its exit code.</summary>
public sealed partial class KfoTests
{
    [Fact]
    public async Task The_digits_sample_learns_and_gives_the_same_result_again()
    {
        await using var first = new KfoHome();
        await using var second = new KfoHome();

        var runs = await Task.WhenAll(first.RunAsync("run", Repository.Sample("digits-tfjob.yaml")), second.RunAsync("run", Repository.Sample("digits-tfjob.yaml")));

        var results = runs.Select(run => Result().Match(run.Succeeded())).ToList();
        Assert.All(results, result => Assert.InRange(double.Parse(result.Groups["accuracy"].Value, CultureInfo.InvariantCulture), 0.95, 1));
        Assert.Equal(results[0].Groups["parameters"].Value, results[1].Groups["parameters"].Value);
        Assert.False(Directory.Exists(Path.Combine(first.Folder, "runs")) && Directory.EnumerateDirectories(Path.Combine(first.Folder, "runs")).Any());
    }

    [Fact]
    public async Task A_failing_job_is_reported_with_its_replica_exit_code_and_last_lines()
    {
        await using var home = new KfoHome();

        var run = await home.RunAsync("run", Repository.Sample("failing-tfjob.yaml"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("worker-0", run.Error, StringComparison.Ordinal);
        Assert.Contains("exit code 3", run.Error, StringComparison.Ordinal);
        Assert.Contains("no training data found", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replicas: 1", "replicas: many", "replicas")]
    [InlineData("kind: TFJob", "kind: QuantumJob", "QuantumJob")]
    [InlineData("spec:", "spec: [", "job.yaml")]
    public async Task A_file_that_is_wrong_is_refused_with_the_reason(string right, string wrong, string named)
    {
        await using var home = new KfoHome();
        var manifest = Manifests.TFJob("bad", "true");
        var at = manifest.IndexOf(right, StringComparison.Ordinal);

        var run = await home.RunAsync("run", await home.WriteAsync(manifest[..at] + wrong + manifest[(at + right.Length)..]));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task An_interrupted_run_leaves_no_process_behind(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process table is read from /proc.");
        await using var home = new KfoHome();
        var mark = $"mark-{Path.GetFileName(home.Folder)}";
        await using var run = home.Start("run", await home.WriteAsync(Manifests.TFJob("endless", $"echo up; sleep 600; : {mark}", workers: 2)));
        await run.ShowsAsync("[worker-0] up");
        await run.ShowsAsync("[worker-1] up");
        Assert.NotEmpty(ProcessTable.With(mark));

        await run.SignalAsync(signal);

        Assert.Equal(130, (await run.EndAsync()).ExitCode);
        await ProcessTable.UntilNoneAsync(mark);
        await ProcessTable.UntilNoneAsync(home.Folder);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(home.Folder, "runs")));
    }

    [Fact]
    public async Task A_control_plane_that_is_up_is_used_and_stays_until_it_is_taken_down()
    {
        await using var home = new KfoHome();
        var job = await home.WriteAsync(Manifests.PyTorchJob("quick", "echo done"));

        Assert.Contains("is up at https://127.0.0.1:", (await home.RunAsync("up", "--port", "0")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("was up already", (await home.RunAsync("up")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("pytorchjob/quick succeeded", (await home.RunAsync("run", job)).Succeeded(), StringComparison.Ordinal);
        Assert.Matches(@"quick +Succeeded", (await home.RunAsync("get", "pytorchjobs")).Succeeded());
        Assert.Contains("done", (await home.RunAsync("logs", "quick-master-0")).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(Path.Combine(home.Folder, "kubeconfig"), (await home.RunAsync("kubeconfig")).Succeeded().Trim());
        (await home.RunAsync("delete", "pytorchjob", "quick")).Succeeded();
        Assert.DoesNotContain("quick", (await home.RunAsync("get", "pytorchjobs")).Output, StringComparison.Ordinal);

        Assert.Contains("is down", (await home.RunAsync("down")).Succeeded(), StringComparison.Ordinal);

        (await home.RunAsync("get", "pytorchjobs")).Failed();
        if (OperatingSystem.IsLinux())
        {
            await ProcessTable.UntilNoneAsync(home.Folder);
        }
    }

    [Fact]
    public async Task A_kept_run_leaves_its_control_plane_and_job()
    {
        Assert.SkipWhen(IsTaken(SiloSettings.DefaultPort), $"Port {SiloSettings.DefaultPort} is taken.");
        await using var home = new KfoHome();

        var run = await home.RunAsync("run", "--keep", await home.WriteAsync(Manifests.TFJob("kept", "echo done")));

        Assert.Contains("tfjob/kept succeeded", run.Succeeded(), StringComparison.Ordinal);
        Assert.Contains("stays up at https://127.0.0.1:", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"kept +Succeeded", (await home.RunAsync("get", "tfjobs")).Succeeded());
    }

    [Fact]
    public async Task What_a_control_plane_stores_is_there_again_after_down_and_up()
    {
        await using var home = new KfoHome();
        (await home.RunAsync("up", "--port", "0")).Succeeded();
        var job = await home.WriteAsync(Manifests.TFJob("kept", "true", spec: Manifests.Suspended));
        Assert.Equal("tfjob.kubeflow.org/kept created\n", (await home.RunAsync("apply", "--filename", job)).Succeeded());
        Assert.Equal("tfjob.kubeflow.org/kept configured\n", (await home.RunAsync("apply", "--filename", job)).Succeeded());

        (await home.RunAsync("down")).Succeeded();
        (await home.RunAsync("up", "--port", "0")).Succeeded();

        Assert.Contains("kept", (await home.RunAsync("get", "tfjobs")).Succeeded(), StringComparison.Ordinal);
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    [GeneratedRegex(@"result: held-out accuracy (?<accuracy>[\d.]+) .* parameters (?<parameters>\w+)")]
    private static partial Regex Result();
}
