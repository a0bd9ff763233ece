using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Nodes;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Simulation;

/// <summary>Nodes nobody is behind, marked the way KWOK marks them. Pure.</summary>
internal static class SimulatedNodes
{
    public const string Annotation = "kwok.x-k8s.io/node";

    public const string Fake = "fake";

    public static bool IsSimulated(Document node) => node.Root.Text("metadata", "annotations", Annotation) == Fake;

    /// <summary>It offers something and is ready.</summary>
    public static bool IsInitialized(Document node) =>
        node.Root.Has("status", "allocatable") && node.Root.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    public static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"simulated-{index:0000}");

    /// <param name="keepsOthersOff">Only pods that tolerate simulated nodes come here: real work must not, where it could run for real.</param>
    public static JsonObject Create(int index, bool keepsOthersOff)
    {
        var node = NodeDocuments.Create(Name(index), new JsonObject { [Annotation] = Fake });
        node.Child("metadata").Child("labels")["type"] = "kwok";
        if (keepsOthersOff)
        {
            node.Child("spec")["taints"] = new JsonArray(new JsonObject { ["key"] = Annotation, ["value"] = Fake, ["effect"] = "NoSchedule" });
        }

        return node;
    }

    /// <summary>Gives a node that only has a name the capacity it says it has, or plenty.</summary>
    public static WriteOperation Initialize(Document document, DateTimeOffset now)
    {
        var node = document.ToNode();
        var capacity = node.Child("status").Object("capacity")?.DeepClone().AsObject() ?? new JsonObject { ["cpu"] = "1k", ["ephemeral-storage"] = "1Pi", ["memory"] = "1Ti", ["pods"] = "1M" };
        NodeDocuments.FillStatus(node, capacity, "127.0.0.1", NodeDocuments.NodeInfo("kwok-v1.36.2", "kwok"), now);
        return new UpdateOperation(new ResourceKey("nodes", "", document.Metadata.Name), document.Metadata.ResourceVersion, Document.FromNode(node));
    }
}
