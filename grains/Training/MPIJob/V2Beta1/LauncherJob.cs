using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>The Kubernetes Job that runs the launcher's pod: as we want it, and as it is.</summary>
internal static class LauncherJob
{
    private static readonly string[] Placement = ["nodeSelector", "tolerations", "schedulingGates"];

    public static ChildKind ChildKind { get; } = ChildKind.Of<V1Job>();

    /// <summary>
    /// Its time to live is set when its end is written down, not before: a Job that went by itself in between would look as if it had never
    /// run, and would be run again.
    /// </summary>
    public static V1Job Build(SshJob job) => Bare(job, new V1JobSpec
    {
        ActiveDeadlineSeconds = job.Job.Spec.Get("runPolicy").Integer("activeDeadlineSeconds"),
        BackoffLimit = (int?)job.Job.RunPolicy.BackoffLimit,
        PodReplacementPolicy = "Failed",
        Suspend = job.Job.RunPolicy.Suspend ? true : null,
        Template = SshPods.Launcher(job, job.Options),
    });

    public static ClusterAction Change(SshJob job, ObservedChild seen, V1JobSpec change) => new ClusterAction.Update(Bare(job, change), seen.Uid, seen.ResourceVersion);

    /// <summary>What decides where its pod is placed is not so any more: a queueing system has set it while the job was suspended.</summary>
    public static bool IsPlacedOtherwise(SshJob job, ObservedChild seen)
    {
        var metadata = SshPods.Launcher(job, job.Options).Metadata;
        var template = seen.Content.Get("spec", "template");
        return Lacks(template.Get("metadata", "labels"), metadata.Labels)
            || Lacks(template.Get("metadata", "annotations"), metadata.Annotations)
            || Placement.Any(field => !Same(job.Launcher.Template.Get("spec", field), template.Get("spec", field)));
    }

    private static V1Job Bare(SshJob job, V1JobSpec spec) => new()
    {
        ApiVersion = $"{V1Job.KubeGroup}/{V1Job.KubeApiVersion}",
        Kind = V1Job.KubeKind,
        Metadata = MPICompanions.Metadata(job.Job, job.LauncherName),
        Spec = spec,
    };

    private static bool Lacks(JsonElement seen, IDictionary<string, string>? wanted) => wanted?.Any(entry => seen.Text(entry.Key) != entry.Value) == true;

    private static bool Same(JsonElement wanted, JsonElement placed) =>
        wanted.IsPresent() && placed.IsPresent() ? JsonElement.DeepEquals(wanted, placed) : IsEmpty(wanted) && IsEmpty(placed);

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => true,
    };
}

/// <summary>What is seen of the launcher.</summary>
internal sealed class ObservedLauncher(ObservedChild? job, IReadOnlyList<ObservedPod> pods)
{
    private const int LongestMessage = 1024;

    private readonly JsonElement status = job?.Content.Get("status") ?? default;

    public ObservedChild? Job => job;

    public bool IsSuspended => job?.Content.Get("spec").Flag("suspend") == true;

    public bool HasTimeToLive => job?.Content.Get("spec", "ttlSecondsAfterFinished").IsPresent() == true;

    public bool HasSucceeded => Condition("Complete").IsPresent();

    public bool HasFailed => Condition("Failed").IsPresent();

    public bool HasEnded => HasSucceeded || HasFailed;

    /// <summary>Pods that run; a pod that is only starting is none.</summary>
    public int Running => (int)(status.Integer("ready") ?? 0);

    public int Failures => (int)(status.Integer("failed") ?? 0);

    public DateTimeOffset? CompletionTime => JobStatus.Time(status, "completionTime");

    /// <summary>Why it failed: what the Job says, and where that says only that it tried often enough, what its last pod says.</summary>
    public (string Reason, string Message) Failure()
    {
        var condition = Condition("Failed");
        var (reason, message) = (condition.Text("reason") is { Length: > 0 } told ? told : "MPIJobFailed", condition.Text("message") ?? "");
        var last = pods.Where(pod => pod.Phase == "Failed").MaxBy(pod => pod.CreationTime);
        if (reason == "BackoffLimitExceeded" && last is { Reason.Length: > 0 })
        {
            (reason, message) = ($"{reason}/{last.Reason}", $"{message}: {last.Reason}");
        }

        return (reason, message.Length > LongestMessage ? $"{message[..(LongestMessage - 3)]}..." : message);
    }

    private JsonElement Condition(string type) => status.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type && condition.Text("status") == "True");
}
