using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>What <c>kubectl get pods</c> shows. Pure.</summary>
internal static class PodRows
{
    public static IReadOnlyList<JsonNode?> Cells(JsonElement pod, DateTimeOffset now)
    {
        var sidecars = Sidecars(pod);
        var counted = pod.Items("status", "initContainerStatuses").Where(status => sidecars.Contains(status.Text("name")))
            .Concat(pod.Items("status", "containerStatuses")).ToList();
        var total = pod.Items("spec", "containers").Count() + sidecars.Count;
        var ready = counted.Count(status => status.Flag("ready") && status.Has("state", "running"));
        return
        [
            $"{ready}/{total}", PodStatusText.Of(pod), Restarts(pod, counted, now), Timestamps.Age(pod.Time("metadata", "creationTimestamp"), now),
            OrNone(pod.Text("status", "podIP")), OrNone(pod.Text("spec", "nodeName")), OrNone(pod.Text("status", "nominatedNodeName")), ReadinessGates(pod),
        ];
    }

    public static JsonArray? Conditions(JsonElement pod)
    {
        var phase = pod.Text("status", "phase");
        var message = phase switch
        {
            "Succeeded" => "The pod has completed successfully.",
            "Failed" => "The pod failed.",
            _ => "",
        };
        return message.Length == 0 ? null : [new JsonObject { ["type"] = "Completed", ["status"] = "True", ["reason"] = phase, ["message"] = message }];
    }

    /// <summary>Init containers that keep running beside the main ones.</summary>
    internal static HashSet<string> Sidecars(JsonElement pod) =>
        pod.Items("spec", "initContainers").Where(container => container.Text("restartPolicy") == "Always").Select(container => container.Text("name")).ToHashSet(StringComparer.Ordinal);

    /// <summary>Once the pod is initialized only the containers that still run count, before that the init containers do.</summary>
    private static string Restarts(JsonElement pod, List<JsonElement> counted, DateTimeOffset now)
    {
        var statuses = PodStatusText.IsInitializing(pod) ? [.. pod.Items("status", "initContainerStatuses")] : counted;
        var count = statuses.Sum(status => status.Integer("restartCount") ?? 0);
        var last = statuses.Select(status => status.Time("lastState", "terminated", "finishedAt")).Max();
        return count > 0 && last is not null
            ? $"{count} ({Timestamps.Age(last, now)} ago)"
            : count.ToString(CultureInfo.InvariantCulture);
    }

    private static string ReadinessGates(JsonElement pod)
    {
        var gates = pod.Items("spec", "readinessGates").Select(gate => gate.Text("conditionType")).ToList();
        var ready = gates.Count(gate => pod.Items("status", "conditions").Any(condition => condition.Text("type") == gate && condition.Text("status") == "True"));
        return gates.Count == 0 ? "<none>" : $"{ready}/{gates.Count}";
    }

    private static string OrNone(string value) => value.Length == 0 ? "<none>" : value;
}
