using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests.Running;

/// <summary>One silo of a cluster, as a process of its own with a home of its own. Its output stays in the home, one file per start.</summary>
internal sealed class SiloProcess(string folder, string database, string kubeconfig) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly int siloPort = FreePort();
    private Process? process;
    private Api? api;
    private int starts;

    public string Output { get; private set; } = "";

    public bool IsRunning => process is { HasExited: false };

    public IPEndPoint SiloAddress => new(IPAddress.Loopback, siloPort);

    /// <exception cref="HttpRequestException">It does not run.</exception>
    public Api Api => Volatile.Read(ref api) ?? throw new HttpRequestException("The silo is down.");

    public string Home => Path.Combine(folder, "home");

    public async Task StartAsync()
    {
        Launch();
        await Until.TrueAsync($"a silo to serve (output in {Output})", () => Task.FromResult(ReadOutput().Contains("kubectl --kubeconfig", StringComparison.Ordinal) || !IsRunning), StartLimit);
        Assert.True(IsRunning, $"The silo ended: {ReadOutput()}");
        var client = new Api(Path.Combine(Home, "kubeconfig"));
        await Until.TrueAsync("a silo to be ready", async () => (await client.SendAsync(HttpMethod.Get, "readyz", null)).Succeeded, StartLimit);
        Volatile.Write(ref api, client);
    }

    /// <summary>A start that is expected to be refused; the exit code.</summary>
    public async Task<int> StartInVainAsync(params string[] furtherArguments)
    {
        Launch(furtherArguments);
        await process!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await GoneAsync();
    }

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        await GoneAsync();
        return process!.ExitCode;
    }

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>Waits for the process to end.</summary>
    public async Task GoneAsync()
    {
        await process!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        Interlocked.Exchange(ref api, null)?.Dispose();
    }

    public string ReadOutput()
    {
        if (!File.Exists(Output))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await ThawAsync();
            await TerminateAsync();
        }

        foreach (var output in Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(folder)}/{Path.GetFileName(output)}:\n{await File.ReadAllTextAsync(output)}");
        }
    }

    private void Launch(params string[] furtherArguments)
    {
        Directory.CreateDirectory(folder);
        Output = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"silo-{++starts}.log"));

        // Through sh, so that output goes into a file that nobody must read; exec keeps the process number.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "output=$1; shift; exec \"$@\" >\"$output\" 2>&1", "sh", Output,
            "dotnet", Path.Combine(AppContext.BaseDirectory, "Kubeflow.Orleans.Silo.dll"), "--home", Home, "--port", "0",
            "--silo-address", SiloAddress.ToString(), "--kubeconfig", kubeconfig, .. furtherArguments,
        ]);
        start.Environment["KFO_DATABASE"] = database;
        process = Process.Start(start)!;
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
