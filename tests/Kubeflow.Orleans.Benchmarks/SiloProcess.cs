using System.Diagnostics;
using System.Globalization;
using k8s;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>A silo as its own process, on a home folder of its own that goes away with it.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly KubernetesClientConfiguration configuration;

    private SiloProcess(Process process, string home, TimeSpan startTime)
    {
        this.process = process;
        Home = home;
        StartTime = startTime;
        configuration = ApiClient.Configuration(home);
    }

    public string Home { get; }

    /// <summary>From process start until /readyz answered 200.</summary>
    public TimeSpan StartTime { get; }

    public Uri Address => new(configuration.Host);

    /// <param name="kubeconfig">The cluster to run jobs in; null: the embedded one.</param>
    public static async Task<SiloProcess> StartAsync(int simulatedNodes = 0, string? home = null, string? kubeconfig = null)
    {
        home ??= Directory.CreateTempSubdirectory("kfo-benchmark-").FullName;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] cluster = kubeconfig is null ? [] : ["--kubeconfig", kubeconfig];
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "Kubeflow.Orleans.Silo.dll"), .. cluster, "--home", home, "--port", "0", "--simulated-nodes", simulatedNodes.ToString(CultureInfo.InvariantCulture), "--log-retention", "10"])
        {
            start.ArgumentList.Add(argument);
        }

        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("https://", StringComparison.Ordinal))
            {
                break;
            }
        }

        _ = process.StandardOutput.ReadToEndAsync();
        var silo = new SiloProcess(process, home, clock.Elapsed);
        using var client = silo.CreateClient();
        while (!(await client.GetAsync(new Uri("readyz", UriKind.Relative))).IsSuccessStatusCode)
        {
            await Task.Delay(5);
        }

        return new SiloProcess(process, home, clock.Elapsed);
    }

    /// <summary>A client with one connection of its own, logged in.</summary>
    public HttpClient CreateClient() => ApiClient.Create(configuration);

    /// <summary>Resident memory in megabytes.</summary>
    public double ResidentMegabytes()
    {
        process.Refresh();
        return process.WorkingSet64 / 1e6;
    }

    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>Bytes of the store's file that hold something; the file itself keeps freed pages for what comes next.</summary>
    public long StoreBytesInUse()
    {
        using var database = new SqliteConnection($"Data Source={Path.Combine(Home, "data", "store.db")};Mode=ReadOnly");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s";
        return (long)command.ExecuteScalar()!;
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await stop.WaitForExitAsync();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
