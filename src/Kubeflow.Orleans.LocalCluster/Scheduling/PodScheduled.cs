using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>What the scheduler writes into a pod: its node and the condition <c>PodScheduled</c>. Pure.</summary>
internal static class PodScheduled
{
    public const string Gated = "SchedulingGated";

    private const string Condition = "PodScheduled";

    public static Document Bind(Document pod, string nodeName, DateTimeOffset now)
    {
        var node = pod.ToNode();
        Bind(node, nodeName, now);
        return Document.FromNode(node);
    }

    public static void Bind(JsonObject pod, string nodeName, DateTimeOffset now)
    {
        pod.Child("spec")["nodeName"] = nodeName;
        pod.Child("status").SetCondition(Condition, "True", "", "", now.Rfc3339());
    }

    public static Document Refuse(Document pod, string reason, string message, DateTimeOffset now)
    {
        var node = pod.ToNode();
        node.Child("status").SetCondition(Condition, "False", reason, message, now.Rfc3339());
        return Document.FromNode(node);
    }

    /// <summary>Why the pod's status says it waits, see <see cref="WithoutCounts"/>; empty when it does not say.</summary>
    public static string ReasonsIn(JsonElement pod)
    {
        var condition = pod.Items("status", "conditions").FirstOrDefault(item => item.Text("type") == Condition && item.Text("status") == "False");
        return condition.Text("reason") == Gated ? Gated : WithoutCounts(condition.Text("message"));
    }

    /// <summary>
    /// The reasons in a message, without how many nodes each holds for: counts move with every pod that comes or goes, and
    /// alone are no cause to write the status again.
    /// </summary>
    public static string WithoutCounts(string message)
    {
        var start = message.IndexOf("available: ", StringComparison.Ordinal);
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        if (start < 0 || end < start)
        {
            return message;
        }

        var reasons = message[(start + "available: ".Length)..end].Split(", ").Select(reason => reason[(reason.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        return string.Join(", ", reasons.Order(StringComparer.Ordinal));
    }
}
