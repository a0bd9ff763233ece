using System.Diagnostics;
using System.Globalization;
using Kubeflow.Orleans.Resilience.Tests.Processes;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Running;

/// <summary>A home folder, and a silo process on it that is killed and started again. Its output stays in the home folder, one file per start.</summary>
internal sealed class KillableSilo : IAsyncDisposable
{
    /// <summary>Set by who wants to look at what a failed test leaves behind.</summary>
    private const string KeepVariable = "KFO_KEEP_TEST_HOMES";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly string[] arguments;
    private readonly string folder = Directory.CreateTempSubdirectory("kfo-kill-").FullName;
    private Process? process;
    private ApiClient? api;
    private int starts;

    private KillableSilo(string[] arguments)
    {
        this.arguments = arguments;
        Directory.CreateDirectory(Work);
    }

    public string Home => Path.Combine(folder, "home");

    /// <summary>Where the jobs' processes leave their traces.</summary>
    public string Work => Path.Combine(folder, "work");

    /// <summary>Stands in the command of every process of every job of this silo.</summary>
    public string Marker { get; } = $"resilience-{Guid.NewGuid():N}";

    /// <summary>A client of the silo that runs now.</summary>
    /// <exception cref="IOException">None runs.</exception>
    public ApiClient Api => Volatile.Read(ref api) ?? throw new IOException("The silo is down.");

    public int ProcessId => process!.Id;

    public static async Task<KillableSilo> StartAsync(params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pods as processes are watched through /proc, which only Linux has.");
        var silo = new KillableSilo(arguments);
        await silo.StartAgainAsync();
        return silo;
    }

    /// <summary>Starts a silo on the home and waits until it is ready.</summary>
    public async Task StartAgainAsync(params string[] furtherArguments)
    {
        var output = NextOutput();
        process = Launch(output, [.. arguments, .. furtherArguments]);
        await Until.TrueAsync(
            () => $"the silo to serve; it {(process.HasExited ? "has ended" : "runs")}: {ReadText(output)}",
            () => Task.FromResult(ReadText(output).Contains("kubectl --kubeconfig", StringComparison.Ordinal)), StartLimit, giveUp: () => process.HasExited);
        var client = new ApiClient(Path.Combine(Home, "kubeconfig"));
        await Until.TrueAsync(() => $"the silo to be ready: {ReadText(output)}", client.IsReadyAsync, StartLimit, giveUp: () => process.HasExited);
        Volatile.Write(ref api, client);
    }

    /// <summary>kill -9, and the store must be whole.</summary>
    public async Task KillAsync()
    {
        Forget();
        process!.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.Dispose();
        process = null;
        Assert.Equal("ok", CheckStore());
    }

    /// <summary>Starts a silo that is killed long before anybody could wait for it.</summary>
    public async Task StartAndKillAsync(TimeSpan lifetime)
    {
        process = Launch(NextOutput(), arguments);
        await Task.Delay(lifetime, TestContext.Current.CancellationToken);
        await KillAsync();
    }

    /// <summary>kill -9 to everything that belongs to the jobs.</summary>
    public async Task KillProcessesAsync()
    {
        foreach (var left in ProcessTable.OfMarker(Marker))
        {
            await SignalAsync("KILL", left.Id);
        }
    }

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Forget();
        await SignalAsync("TERM", process!.Id);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StopLimit, TestContext.Current.CancellationToken);
        var code = process.ExitCode;
        process.Dispose();
        process = null;
        return code;
    }

    /// <summary>A second silo on the same home; its exit code and what it said.</summary>
    public async Task<(int ExitCode, string Output)> StartSecondAsync()
    {
        var output = Path.Combine(folder, "second.log");
        using var second = Launch(output, arguments);
        await second.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        return (second.ExitCode, ReadText(output));
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await TerminateAsync();
        }

        await KillProcessesAsync();
        foreach (var output in Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(output)}:\n{ReadText(output)}");
        }

        if (Environment.GetEnvironmentVariable(KeepVariable) is null)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string NextOutput() => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"silo-{++starts}.log"));

    private static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [$"-{signal}", processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Through sh, so that output goes into a file that nobody must read; exec keeps the process number.</summary>
    private Process Launch(string output, string[] furtherArguments) => Process.Start("/bin/sh",
    [
        "-c", "output=$1; shift; exec \"$@\" >\"$output\" 2>&1", "sh", output,
        "dotnet", Path.Combine(AppContext.BaseDirectory, "Kubeflow.Orleans.Silo.dll"), "--home", Home, "--port", "0", .. furtherArguments,
    ]);

    private void Forget() => Interlocked.Exchange(ref api, null)?.Dispose();

    private string CheckStore()
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(Home, "data", "store.db"),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        return (string)command.ExecuteScalar()!;
    }

    private static string ReadText(string path)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
