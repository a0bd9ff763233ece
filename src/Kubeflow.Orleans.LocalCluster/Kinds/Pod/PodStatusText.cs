using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The STATUS column of pods: the most telling reason, not the phase. Follows kubectl's printer step by step. Pure.</summary>
internal static class PodStatusText
{
    public static string Of(JsonElement pod)
    {
        var reason = pod.Text("status", "reason") is { Length: > 0 } given ? given : pod.Text("status", "phase");
        if (pod.Items("status", "conditions").Any(condition => condition.Text("type") == "PodScheduled" && condition.Text("reason") == "SchedulingGated"))
        {
            reason = "SchedulingGated";
        }

        reason = Initializing(pod) ?? Running(pod, reason);
        if (!pod.Has("metadata", "deletionTimestamp"))
        {
            return reason;
        }

        return pod.Text("status", "reason") == "NodeLost" ? "Unknown" : pod.Text("status", "phase") is "Succeeded" or "Failed" ? reason : "Terminating";
    }

    public static bool IsInitializing(JsonElement pod) => Initializing(pod) is not null;

    /// <summary>What the first init container that is not done says; null when all are.</summary>
    private static string? Initializing(JsonElement pod)
    {
        var sidecars = PodRows.Sidecars(pod);
        var total = pod.Items("spec", "initContainers").Count();
        foreach (var (index, status) in pod.Items("status", "initContainerStatuses").Index())
        {
            var terminated = status.At("state", "terminated");
            var waiting = status.Text("state", "waiting", "reason");
            if (terminated.Integer("exitCode") == 0 || (sidecars.Contains(status.Text("name")) && status.Flag("started")))
            {
                continue;
            }

            if (terminated.ValueKind == JsonValueKind.Object)
            {
                return "Init:" + Ended(terminated);
            }

            return waiting is "" or "PodInitializing" ? $"Init:{index}/{total}" : "Init:" + waiting;
        }

        return null;
    }

    private static string Running(JsonElement pod, string reason)
    {
        var anyRunning = false;
        foreach (var status in pod.Items("status", "containerStatuses").Reverse())
        {
            var terminated = status.At("state", "terminated");
            if (status.Text("state", "waiting", "reason") is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (terminated.ValueKind == JsonValueKind.Object)
            {
                reason = Ended(terminated);
            }
            else if (status.Flag("ready") && status.Has("state", "running"))
            {
                anyRunning = true;
            }
        }

        if (reason != "Completed" || !anyRunning)
        {
            return reason;
        }

        var ready = pod.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");
        return ready ? "Running" : "NotReady";
    }

    private static string Ended(JsonElement terminated)
    {
        if (terminated.Text("reason") is { Length: > 0 } reason)
        {
            return reason;
        }

        return terminated.Integer("signal") is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{terminated.Integer("exitCode") ?? 0}";
    }
}
