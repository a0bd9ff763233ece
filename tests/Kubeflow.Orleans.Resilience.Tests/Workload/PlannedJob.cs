using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Running;

namespace Kubeflow.Orleans.Resilience.Tests.Workload;

/// <summary>One job of the workload: what is submitted, what is done to it later, and how it must end.</summary>
/// <param name="Pods">The pods that run processes.</param>
internal sealed record PlannedJob(string Collection, JsonObject Body, Expectation Expectation, IReadOnlyList<string> Pods)
{
    /// <summary>Merge patches, each applied once the one before is acknowledged.</summary>
    public IReadOnlyList<string> Patches { get; init; } = [];

    /// <summary>It is deleted after all patches.</summary>
    public bool IsDeleted { get; init; }

    public string Name => Body.Name();

    public string Path => $"{Collection}/{Name}";
}

/// <summary>The kinds of jobs, one after the other.</summary>
internal static class JobPlans
{
    private const string Suspend = """{"spec":{"runPolicy":{"suspend":true}}}""";
    private const string Resume = """{"spec":{"runPolicy":{"suspend":false}}}""";

    /// <summary>A first attempt that fails with the code, a second one that succeeds.</summary>
    private const string SecondAttemptSucceeds = "[ -e \"$POD_NAME.failed\" ] && exit 0; touch \"$POD_NAME.failed\"; exit ";

    private static readonly Func<KillableSilo, string, PlannedJob>[] Plans =
    [
        Plain,
        (silo, name) => TFJob(silo, name, 1, "Never", "exit 3", new Expectation("Failed", "Worker", Failed: 1) { Starts = 1 }),
        (silo, name) => PyTorchJob(silo, name, "OnFailure", SecondAttemptSucceeds + "4", new Expectation("Succeeded", "Master", Succeeded: 1) { Starts = 2 }),
        (silo, name) => TFJob(silo, name, 1, "ExitCode", SecondAttemptSucceeds + "137", new Expectation("Succeeded", "Worker", Succeeded: 1) { Starts = 2 }),
        (silo, name) => PyTorchJob(silo, name, "ExitCode", "exit 5", new Expectation("Failed", "Master", Failed: 1) { Starts = 1 }),
        (_, name) => new PlannedJob(Jobs.TFJobs, Jobs.SimulatedTFJob(name), new Expectation("Succeeded", "Worker", Succeeded: 2), []),
        (silo, name) => TFJob(silo, name, 2, "Never", "sleep 2; exit 0", new Expectation("Succeeded", "Worker", Succeeded: 2)) with { Patches = [Suspend, Resume] },
        (silo, name) => TFJob(silo, name, 2, "Never", "trap 'sleep 0.5; exit 0' TERM; while :; do sleep 0.1; done", Expectation.Gone) with { IsDeleted = true },
        (silo, name) => TFJob(silo, name, 1, "Never", "exit 0", Expectation.Gone, new JsonObject { ["cleanPodPolicy"] = "All", ["ttlSecondsAfterFinished"] = 1 }),
        (silo, name) => TFJob(silo, name, 1, "OnFailure", "sleep 1; exit 0", new Expectation("Succeeded", "Worker", Succeeded: 1) { Starts = 1 }, init: "sleep 1"),
        (silo, name) => PyTorchJob(silo, name, "Never", "sleep 1; exit 0", new Expectation("Succeeded", "Master", Succeeded: 1) { Starts = 1 }, new JsonObject { ["suspend"] = true }) with { Patches = [Resume] },
    ];

    /// <summary>Two workers that succeed.</summary>
    public static PlannedJob Plain(KillableSilo silo, string name) =>
        TFJob(silo, name, 2, "Never", "sleep 1; exit 0", new Expectation("Succeeded", "Worker", Succeeded: 2) { Starts = 1 });

    public static PlannedJob Next(KillableSilo silo, int number) => Plans[number % Plans.Length](silo, $"job-{number}");

    private static PlannedJob TFJob(
        KillableSilo silo, string name, int workers, string restartPolicy, string script, Expectation expectation, JsonObject? runPolicy = null, string? init = null) => new(
        Jobs.TFJobs,
        Jobs.TFJob(silo, name, [new Role("Worker", workers, restartPolicy, $"echo from the job; {script}") { InitScript = init }], runPolicy),
        expectation,
        [.. Enumerable.Range(0, workers).Select(index => $"{name}-worker-{index}")]);

    private static PlannedJob PyTorchJob(KillableSilo silo, string name, string restartPolicy, string script, Expectation expectation, JsonObject? runPolicy = null) => new(
        Jobs.PyTorchJobs, Jobs.PyTorchJob(silo, name, [new Role("Master", 1, restartPolicy, $"echo from the job; {script}")], runPolicy), expectation, [$"{name}-master-0"]);
}
