using Kubeflow.Orleans.Benchmarks;

// Prints figures, asserts nothing: machines differ, so compare numbers of one run on one machine.
var benchmarks = new Dictionary<string, Func<Task>>
{
    ["startup"] = StartupBenchmark.RunAsync,
    ["creates"] = CreatesBenchmark.RunAsync,
    ["simulated"] = SimulatedJobsBenchmark.RunAsync,
    ["cluster"] = ClusterJobsBenchmark.RunAsync,
    ["finished"] = FinishedJobsBenchmark.RunAsync,
};

var wanted = args.Length == 0 || args[0] == "all" ? [.. benchmarks.Keys] : args;
foreach (var name in wanted)
{
    if (!benchmarks.TryGetValue(name, out var benchmark))
    {
        Console.Error.WriteLine($"There is no benchmark '{name}'; there are: {string.Join(", ", benchmarks.Keys)}, all.");
        return 2;
    }

    Console.WriteLine($"## {name}");
    await benchmark();
    Console.WriteLine();
}

return 0;
