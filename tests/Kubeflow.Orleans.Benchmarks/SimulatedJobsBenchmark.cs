using System.Diagnostics;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>
/// 1,000 TFJobs of 2 workers on simulated nodes whose pods succeed a second after they start: from the first submit until the last job
/// is seen Succeeded on a watch. Then: what a finished job leaves behind.
/// </summary>
internal static class SimulatedJobsBenchmark
{
    private const int JobCount = 1_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(25);

    public static async Task RunAsync()
    {
        await using var silo = await SiloProcess.StartAsync(simulatedNodes: 20);
        using var watcher = silo.CreateClient();
        var bytesBefore = silo.StoreBytesInUse();
        var cpuBefore = silo.ProcessorTime();
        var clock = Stopwatch.StartNew();
        var finished = SimulatedJobs.WatchUntilAllSucceededAsync(watcher, "sim", JobCount);
        await SimulatedJobs.SubmitAsync(silo.CreateClient, "sim", JobCount);
        Console.WriteLine($"submitted after {clock.Elapsed.TotalSeconds:0.0} s");
        await finished.WaitAsync(Limit);
        Console.WriteLine($"{JobCount} jobs, {JobCount * 2} pods: all Succeeded after {clock.Elapsed.TotalSeconds:0.0} s, silo CPU {(silo.ProcessorTime() - cpuBefore).TotalSeconds:0.0} s");
        await Task.Delay(Settling);
        var idleBefore = silo.ProcessorTime();
        await Task.Delay(Settling);
        Console.WriteLine($"afterwards: {silo.ResidentMegabytes():0} MB resident, {(silo.ProcessorTime() - idleBefore) / Settling:P1} of one core, " +
            $"{(silo.StoreBytesInUse() - bytesBefore) / 1024.0 / JobCount:0.0} KB on disk per job with its 2 pods, 2 services, 2 endpoint slices and events");
    }
}
