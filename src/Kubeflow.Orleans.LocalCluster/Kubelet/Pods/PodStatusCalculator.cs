using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The pure core: the status a pod's document must show for what is known of its containers.</summary>
internal static class PodStatusCalculator
{
    /// <summary>The fields of status the kubelet owns; everything else in status belongs to others.</summary>
    public static IReadOnlyList<string> OwnedFields { get; } =
    [
        "observedGeneration", "phase", "conditions", "message", "reason", "hostIP", "hostIPs", "podIP", "podIPs", "startTime", "initContainerStatuses", "containerStatuses",
    ];

    public static JsonObject Calculate(Pod pod, PodRecord record, DateTimeOffset now)
    {
        record = record.Finished ? WithLostContainers(pod, record) : record;
        var wanted = PodPhase.Of(pod, record);
        var status = new JsonObject
        {
            ["observedGeneration"] = pod.Generation,
            ["phase"] = Shown(pod, record, wanted),
            ["conditions"] = PodConditions.Of(pod, record, wanted, now),
        };
        if (record is { Finished: true, Stop: { Reason.Length: > 0 } stop })
        {
            status["message"] = stop.Message;
            status["reason"] = stop.Reason;
        }

        AddAddresses(status, record);
        status["startTime"] = record.StartTime.Rfc3339();
        if (pod.InitContainers.Count > 0)
        {
            status["initContainerStatuses"] = new JsonArray([.. pod.InitContainers.Select(spec => Container(spec, record.Of(spec)))]);
        }

        status["containerStatuses"] = new JsonArray([.. pod.Containers.OrderBy(spec => spec.Name, StringComparer.Ordinal).Select(spec => Container(spec, record.Of(spec)))]);
        return status;
    }

    /// <summary>A terminal phase is shown only when nothing of the pod runs any more, and is never left again.</summary>
    private static string Shown(Pod pod, PodRecord record, string wanted)
    {
        if (pod.IsTerminal)
        {
            return pod.Phase;
        }

        return wanted is PodPhase.Succeeded or PodPhase.Failed && !record.Finished ? pod.Phase : wanted;
    }

    /// <summary>What never ran, or was between two attempts, when the pod ended: an initialized pod's status may not say that it waits.</summary>
    private static PodRecord WithLostContainers(Pod pod, PodRecord record)
    {
        if (!PodPhase.IsInitialized(pod, record))
        {
            return record;
        }

        return pod.Containers.Select(record.Of).Where(container => container.State is ContainerState.Waiting).Aggregate(record, (all, container) => all.With(container with
        {
            State = container.LastTerminated is { } last
                ? last
                : new ContainerState.Terminated(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated", default, default, ""),
            LastTerminated = null,
        }));
    }

    private static void AddAddresses(JsonObject status, PodRecord record)
    {
        status["hostIP"] = record.HostIp;
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = record.HostIp });
        if (record.PodIp.Length > 0)
        {
            status["podIP"] = record.PodIp;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = record.PodIp });
        }
    }

    private static JsonObject Container(ContainerSpec spec, ContainerRecord container)
    {
        var node = new JsonObject
        {
            ["name"] = spec.Name,
            ["state"] = State(container.State),
            ["lastState"] = container.LastTerminated is { } last ? State(last) : new JsonObject(),
            ["ready"] = container.IsReady(spec),
            ["restartCount"] = container.Attempt,
            ["image"] = spec.Image,
            ["imageID"] = "",
            ["started"] = container.IsRunning && container.Started,
        };
        if (container.ContainerId.Length > 0)
        {
            node["containerID"] = container.ContainerId;
        }

        return node;
    }

    private static JsonObject State(ContainerState state) => state switch
    {
        ContainerState.Running running => new JsonObject { ["running"] = new JsonObject { ["startedAt"] = running.StartedAt.Rfc3339() } },
        ContainerState.Terminated ended => new JsonObject { ["terminated"] = Ended(ended) },
        ContainerState.Waiting waiting => new JsonObject { ["waiting"] = WithMessage(new JsonObject { ["reason"] = waiting.Reason }, waiting.Message) },
        _ => throw new InvalidOperationException($"No container state: {state}"),
    };

    private static JsonObject Ended(ContainerState.Terminated ended)
    {
        var node = WithMessage(new JsonObject { ["exitCode"] = ended.ExitCode, ["reason"] = ended.Reason }, ended.Message);
        node["startedAt"] = Time(ended.StartedAt);
        node["finishedAt"] = Time(ended.FinishedAt);
        if (ended.ContainerId.Length > 0)
        {
            node["containerID"] = ended.ContainerId;
        }

        return node;
    }

    /// <summary>An unknown time is null, as the API writes it.</summary>
    private static string? Time(DateTimeOffset time) => time == default ? null : time.Rfc3339();

    private static JsonObject WithMessage(JsonObject node, string message)
    {
        if (message.Length > 0)
        {
            node["message"] = message;
        }

        return node;
    }
}
