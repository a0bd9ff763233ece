namespace Kubeflow.Orleans.Benchmarks;

/// <summary>How soon a silo serves, and what it weighs when nothing happens.</summary>
internal static class StartupBenchmark
{
    private const int Rounds = 5;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);

    public static async Task RunAsync()
    {
        for (var round = 1; round <= Rounds; round++)
        {
            await using var silo = await SiloProcess.StartAsync();
            Console.WriteLine($"round {round}: ready {silo.StartTime.TotalSeconds:0.00} s after process start");
            if (round == Rounds)
            {
                await Task.Delay(Settling);
                var before = silo.ProcessorTime();
                await Task.Delay(Settling);
                Console.WriteLine($"idle: {silo.ResidentMegabytes():0} MB resident, {(silo.ProcessorTime() - before) / Settling:P1} of one core");
            }
        }
    }
}
