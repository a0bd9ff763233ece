using Kubeflow.Orleans.Silo;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>
/// What finished jobs leave in the memory of an idle silo: how many of their actors are still there, and the managed heap per job. The
/// silo runs in this process, so that Orleans and the heap can be asked.
/// </summary>
internal static class FinishedJobsBenchmark
{
    /// <summary>Enough that the first round fills what is bounded; the second then shows what grows.</summary>
    private const int JobCount = 1_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LogRetention = TimeSpan.FromSeconds(10);

    /// <summary>The log is trimmed in steps, idle actors are collected in steps: some of each.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(90);

    public static async Task RunAsync()
    {
        var home = Directory.CreateTempSubdirectory("kfo-benchmark-").FullName;
        await using (var silo = await SiloHost.StartAsync(new SiloSettings { Home = home, Port = 0, SimulatedNodes = 20, LogRetention = LogRetention }, CancellationToken.None))
        {
            await RunJobsAsync(home, "warm");
            await Task.Delay(Settling);
            var (_, before) = await MeasureAsync(silo);
            await RunJobsAsync(home, "job");
            var (busy, _) = await MeasureAsync(silo);
            await Task.Delay(Settling);
            var (idle, after) = await MeasureAsync(silo);
            Console.WriteLine($"{JobCount} jobs finished: {busy} of their actors in memory at once after, {idle} after {Settling.TotalSeconds:0} s, " +
                $"{(after - before) / 1024.0 / JobCount:0.00} KB of managed heap per job (its two pods and services, which are kept, as the cluster's view has them)");
        }

        Directory.Delete(home, recursive: true);
    }

    private static async Task RunJobsAsync(string home, string prefix)
    {
        var configuration = ApiClient.Configuration(home);
        using var watcher = ApiClient.Create(configuration);
        var finished = SimulatedJobs.WatchUntilAllSucceededAsync(watcher, prefix, JobCount);
        await SimulatedJobs.SubmitAsync(() => ApiClient.Create(configuration), prefix, JobCount);
        await finished.WaitAsync(Limit);
    }

    private static async Task<(int Actors, long HeapBytes)> MeasureAsync(RunningSilo silo)
    {
        var management = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        var statistics = await management.GetSimpleGrainStatistics();
        var actors = statistics.Where(entry => entry.GrainType.Contains("ResourceGrain", StringComparison.Ordinal)).Sum(entry => entry.ActivationCount);
        return (actors, GC.GetTotalMemory(forceFullCollection: true));
    }
}
