using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>All that decides which nodes a pod may go to. Pods of one job share one demand, so one failed attempt answers for all of them.</summary>
internal sealed class PodDemand
{
    public required long Priority { get; init; }

    public required Amounts Requests { get; init; }

    public required ImmutableArray<Toleration> Tolerations { get; init; }

    public required NodeRequirement Requirement { get; init; }

    /// <summary>Protocol and number of each host port.</summary>
    public required ImmutableArray<string> HostPorts { get; init; }

    public static PodDemand Read(JsonElement pod, long priority) => new()
    {
        Priority = priority,
        Requests = ReadRequests(pod.At("spec")),
        Tolerations = [.. pod.Items("spec", "tolerations").Select(Toleration.Read)],
        Requirement = NodeRequirement.Read(pod.At("spec")),
        HostPorts = [.. pod.Items("spec", "containers").SelectMany(container => container.Items("ports")).Where(port => port.Integer("hostPort") > 0)
            .Select(port => $"{port.Text("protocol")}/{port.Integer("hostPort")}")],
    };

    /// <summary>The text two pods share exactly when their demands are equal.</summary>
    public static string Signature(JsonElement pod, long priority)
    {
        var text = new StringBuilder().Append(priority);
        foreach (var name in (string[])["nodeSelector", "tolerations", "overhead"])
        {
            Append(text, pod.At("spec", name));
        }

        Append(text, pod.At("spec", "affinity", "nodeAffinity"));
        foreach (var container in pod.Items("spec", "initContainers").Concat(pod.Items("spec", "containers")))
        {
            text.Append(container.Text("restartPolicy"));
            Append(text, container.At("resources"));
            Append(text, container.At("ports"));
        }

        return text.Append(pod.Items("spec", "initContainers").Count()).ToString();
    }

    /// <summary>
    /// What the pod needs at its hungriest moment: all main containers with the sidecars, or one init container with the sidecars
    /// started before it.
    /// </summary>
    private static Amounts ReadRequests(JsonElement spec)
    {
        var running = new Amounts();
        var peak = new Amounts();
        foreach (var container in spec.Items("initContainers"))
        {
            var requests = Amounts.Read(container.At("resources", "requests"));
            if (container.Text("restartPolicy") == "Always")
            {
                running.Add(requests);
            }
            else
            {
                requests.Add(running);
                peak.RaiseTo(requests);
            }
        }

        foreach (var container in spec.Items("containers"))
        {
            running.Add(Amounts.Read(container.At("resources", "requests")));
        }

        running.RaiseTo(peak);
        running.Add(Amounts.Read(spec.At("overhead")));
        running[Amounts.Pods] = 1;
        return running;
    }

    private static void Append(StringBuilder text, JsonElement element) =>
        text.Append('|').Append(element.ValueKind == JsonValueKind.Undefined ? "" : element.GetRawText());
}
