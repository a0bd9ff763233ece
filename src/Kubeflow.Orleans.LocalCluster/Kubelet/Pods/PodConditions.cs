using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The conditions a kubelet owns, in the order it writes them, with the words it uses.</summary>
internal static class PodConditions
{
    private static readonly string[] Owned = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

    private sealed record Condition(string Type, bool Holds, string Reason = "", string Message = "");

    /// <param name="phase">The phase the containers ask for, even while the pod may not show it yet.</param>
    public static JsonArray Of(Pod pod, PodRecord record, string phase, DateTimeOffset now)
    {
        var containersReady = ContainersReady(pod, record, phase);
        Condition[] conditions =
        [
            new("PodReadyToStartContainers", record.ReadyToStart),
            Initialized(pod, record, phase),
            Ready(pod, containersReady),
            containersReady,
            new("PodScheduled", true),
        ];
        var previous = pod.Status.Items("conditions").ToDictionary(item => item.Text("type"), StringComparer.Ordinal);
        var written = conditions.Select(condition => (JsonNode?)Write(condition, pod.Generation, previous.GetValueOrDefault(condition.Type), now));
        return [.. written, .. Foreign(pod, record, now)];
    }

    private static Condition Initialized(Pod pod, PodRecord record, string phase)
    {
        if (phase == PodPhase.Succeeded)
        {
            return new Condition("Initialized", true, "PodCompleted");
        }

        var incomplete = PodPhase.HasStartedRegular(pod, record) ? [] : pod.InitContainers.Where(spec => PodPhase.IsIncomplete(spec, record)).Select(spec => spec.Name).ToList();
        return incomplete.Count == 0
            ? new Condition("Initialized", true)
            : new Condition("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]");
    }

    private static Condition ContainersReady(Pod pod, PodRecord record, string phase)
    {
        var unready = pod.LastingContainers.Where(spec => !record.Of(spec).IsReady(spec)).Select(spec => spec.Name).ToList();
        return phase switch
        {
            PodPhase.Succeeded => new Condition("ContainersReady", false, "PodCompleted"),
            PodPhase.Failed => new Condition("ContainersReady", false, "PodFailed"),
            _ when unready.Count > 0 => new Condition("ContainersReady", false, "ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]"),
            _ => new Condition("ContainersReady", true),
        };
    }

    private static Condition Ready(Pod pod, Condition containersReady)
    {
        if (!containersReady.Holds)
        {
            return containersReady with { Type = "Ready" };
        }

        var messages = pod.Spec.Items("readinessGates").Select(gate => GateMessage(pod, gate.Text("conditionType"))).Where(message => message.Length > 0).ToList();
        return messages.Count == 0 ? new Condition("Ready", true) : new Condition("Ready", false, "ReadinessGatesNotReady", string.Join(", ", messages));
    }

    private static string GateMessage(Pod pod, string type)
    {
        var condition = pod.Status.Items("conditions").FirstOrDefault(item => item.Text("type") == type);
        return condition.ValueKind == JsonValueKind.Undefined
            ? $"corresponding condition of pod readiness gate \"{type}\" does not exist."
            : condition.Text("status") == "True" ? "" : $"the status of pod readiness gate \"{type}\" is not \"True\", but {condition.Text("status")}";
    }

    /// <summary>Conditions of others are theirs; only the end of the node is announced by the kubelet itself.</summary>
    private static IEnumerable<JsonNode?> Foreign(Pod pod, PodRecord record, DateTimeOffset now)
    {
        var shutdown = record.Stop is { Reason: "Terminated" } stop
            ? Write(new Condition("DisruptionTarget", true, "TerminationByKubelet", stop.Message), pod.Generation, default, now)
            : null;
        var others = pod.Status.Items("conditions")
            .Where(item => !Owned.Contains(item.Text("type")) && (shutdown is null || item.Text("type") != "DisruptionTarget"))
            .Select(item => JsonNode.Parse(item.GetRawText()));
        return shutdown is null ? others : others.Append(shutdown);
    }

    private static JsonObject Write(Condition condition, long generation, JsonElement previous, DateTimeOffset now)
    {
        var status = condition.Holds ? "True" : "False";
        var since = previous.Text("status") == status && previous.Time("lastTransitionTime") is { } time ? time : now;
        var node = new JsonObject
        {
            ["type"] = condition.Type,
            ["observedGeneration"] = generation,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = since.Rfc3339(),
        };
        if (condition.Reason.Length > 0)
        {
            node["reason"] = condition.Reason;
        }

        if (condition.Message.Length > 0)
        {
            node["message"] = condition.Message;
        }

        return node;
    }
}
