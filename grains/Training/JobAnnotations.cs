using Kubeflow.Orleans.Core;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What a job asks for beyond Kubeflow, each by an annotation of its own. A job without them lives as upstream.</summary>
internal sealed class JobAnnotations(IReadOnlyDictionary<string, string> annotations)
{
    /// <summary><c>Group</c>: when one replica dies, all start again together.</summary>
    public const string RestartScope = WellKnown.Domain + "/restart-scope";

    /// <summary><c>Retry</c>: a pod that the cluster took away is made anew whatever its restart policy says.</summary>
    public const string InfrastructureFailures = WellKnown.Domain + "/infrastructure-failures";

    /// <summary><c>WhenLeaderReady</c>: the other replicas start when the leading one is ready.</summary>
    public const string WorkerStart = WellKnown.Domain + "/worker-start";

    /// <summary>For this job in place of <see cref="TrainingOptions.GangSchedulerName"/>.</summary>
    public const string GangSchedulerName = WellKnown.Domain + "/gang-scheduler";

    /// <summary><c>Report</c>: pods get what they need to report their progress.</summary>
    public const string Progress = WellKnown.Domain + "/progress";

    public const string Report = "Report";
    public const string Group = "Group";
    public const string Retry = "Retry";
    public const string WhenLeaderReady = "WhenLeaderReady";

    private static readonly (string Name, string[] Values)[] Known =
    [
        (RestartScope, ["Replica", Group]),
        (InfrastructureFailures, ["RestartPolicy", Retry]),
        (Progress, ["None", Report]),
        (WorkerStart, ["AtOnce", WhenLeaderReady]),
    ];

    public bool RestartsGroup => Is(RestartScope, Group);

    public bool RetriesInfrastructureFailures => Is(InfrastructureFailures, Retry);

    public bool StartsWhenLeaderIsReady => Is(WorkerStart, WhenLeaderReady);

    public bool ReportsProgress => Is(Progress, Report);

    /// <summary>Null: what is set for all jobs.</summary>
    public string? GangScheduler => annotations.GetValueOrDefault(GangSchedulerName);

    /// <summary>A value nobody knows asks for nothing, which its author should hear.</summary>
    public IEnumerable<string> Warnings() => Known
        .Where(known => annotations.TryGetValue(known.Name, out var value) && !known.Values.Contains(value))
        .Select(known => $"metadata.annotations[{known.Name}]: unknown value \"{annotations[known.Name]}\", known are {string.Join(" and ", known.Values)}");

    private bool Is(string name, string value) => annotations.GetValueOrDefault(name) == value;
}
