using Kubeflow.Orleans.Silo;

SiloSettings settings;
try
{
    settings = SiloArguments.Parse(args);
}
catch (ArgumentException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 2;
}

if (settings == SiloArguments.Help)
{
    Console.WriteLine(SiloArguments.Usage);
    return 0;
}

try
{
    await using var silo = await SiloHost.StartAsync(settings, CancellationToken.None);
    if (settings.Database is { } database)
    {
        Console.WriteLine($"Silo {settings.SiloAddress} of {database}, jobs run in {string.Join(", ", settings.Clusters.Select(cluster => cluster.Name))}");
    }

    Console.WriteLine($"Serving {silo.Address.GetLeftPart(UriPartial.Authority)}");
    Console.WriteLine($"kubectl --kubeconfig {silo.KubeconfigPath} get tfjobs");
    await silo.Completion;
    return 0;
}
catch (IOException problem)
{
    Console.Error.WriteLine($"The silo did not start: {problem.Message}");
    return 1;
}
