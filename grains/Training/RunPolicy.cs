using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>A typed view over <c>spec.runPolicy</c>, defaults applied.</summary>
/// <param name="manager">The <c>managedBy</c> value that means us; other values belong to other controllers.</param>
internal sealed class RunPolicy(JsonElement spec, string manager = RunPolicy.Ours)
{
    public const string Ours = "kubeflow.org/training-operator";

    public const string MultiKueue = "kueue.x-k8s.io/multikueue";

    private readonly JsonElement element = spec.Get("runPolicy");

    // A century: longer times are "never", and adding them to a date would overflow.
    private const long LongestSeconds = 3_155_760_000;

    /// <summary>MPI jobs once had it in the spec itself, and old manifests still do.</summary>
    public string CleanPodPolicy => element.Text("cleanPodPolicy") ?? spec.Text("cleanPodPolicy") ?? "None";

    /// <summary>Null: the finished job stays.</summary>
    public TimeSpan? TimeToLiveAfterFinished => Seconds("ttlSecondsAfterFinished");

    public TimeSpan? ActiveDeadline => Seconds("activeDeadlineSeconds");

    /// <summary>Null: restarts are not limited.</summary>
    public long? BackoffLimit => element.Integer("backoffLimit");

    public SchedulingPolicy Scheduling => new(element.Get("schedulingPolicy"));

    public bool Suspend => element.Flag("suspend");

    /// <summary>Another controller answers for the job. An empty value names nobody, so nobody acts: as upstream.</summary>
    public bool IsManagedElsewhere => element.Text("managedBy") is { } named && named != manager;

    private TimeSpan? Seconds(string name) => element.Integer(name) is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestSeconds)) : null;
}
