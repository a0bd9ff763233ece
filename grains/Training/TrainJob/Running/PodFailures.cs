using System.Text.Json;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

internal enum PodFailure
{
    /// <summary>Counts towards the back-off limit.</summary>
    Count,

    /// <summary>Does not count; the index runs again.</summary>
    Ignore,

    /// <summary>Its index is given up at once.</summary>
    FailIndex,

    /// <summary>The whole job fails at once.</summary>
    FailJob,
}

/// <summary>What a failed pod means, by the job's own <c>podFailurePolicy</c>; the first rule that matches decides.</summary>
internal static class PodFailures
{
    public static (PodFailure Meaning, string Message) Judge(JsonElement jobSpec, ObservedPod pod)
    {
        foreach (var (rule, index) in jobSpec.Get("podFailurePolicy").Items("rules").Select((rule, index) => (rule, index)))
        {
            if (Matched(rule, pod) is { } what)
            {
                return rule.Text("action") switch
                {
                    "FailJob" => (PodFailure.FailJob, $"{what} matching FailJob rule at index {index}"),
                    "FailIndex" => (PodFailure.FailIndex, ""),
                    "Ignore" => (PodFailure.Ignore, ""),
                    _ => (PodFailure.Count, ""),
                };
            }
        }

        // The cluster took the pod away: no fault of the program's.
        return (IsDisrupted(pod) ? PodFailure.Ignore : PodFailure.Count, "");
    }

    private static bool IsDisrupted(ObservedPod pod) => pod.Reason is "Evicted" or "NodeLost" or "NodeShutdown" or "Terminated" || HasCondition(pod, "DisruptionTarget", "True");

    private static string? Matched(JsonElement rule, ObservedPod pod)
    {
        if (rule.Get("onExitCodes") is var codes && codes.IsPresent())
        {
            var ended = pod.InitContainers.Concat(pod.Containers).FirstOrDefault(container => container.Terminated is { ExitCode: not 0 } end && Matches(codes, container.Name, end.ExitCode));
            return ended is null ? null : $"Container {ended.Name} for pod {pod.Namespace}/{pod.Name} failed with exit code {ended.Terminated!.ExitCode}";
        }

        var condition = rule.Items("onPodConditions").FirstOrDefault(pattern => HasCondition(pod, pattern.Text("type") ?? "", pattern.Text("status") ?? "True"));
        return condition.IsPresent() ? $"Pod {pod.Namespace}/{pod.Name} has condition {condition.Text("type")}" : null;
    }

    private static bool Matches(JsonElement codes, string container, int exitCode)
    {
        if (codes.Text("containerName") is { } name && name != container)
        {
            return false;
        }

        var listed = codes.Items("values").Any(value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var code) && code == exitCode);
        return codes.Text("operator") == "NotIn" ? !listed : listed;
    }

    private static bool HasCondition(ObservedPod pod, string type, string status) => pod.Conditions.Any(condition => condition.Type == type && condition.Status == status);
}
