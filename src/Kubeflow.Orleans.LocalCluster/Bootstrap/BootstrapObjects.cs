using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.LocalCluster.Simulation;
using Kubeflow.Orleans.LocalCluster.Volumes;

namespace Kubeflow.Orleans.LocalCluster.Bootstrap;

/// <summary>What every cluster has before its first user comes. Pure.</summary>
internal static class BootstrapObjects
{
    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    /// <summary>In this order: what comes later stands in what came before.</summary>
    public static IEnumerable<(ResourceKey Key, JsonObject Body)> Foundation() =>
    [
        .. Namespaces.Select(name => (new ResourceKey("namespaces", "", name), Object("v1", "Namespace", name, []))),
        PriorityClass("system-node-critical", 2000001000, "Used for system critical pods that must not be moved from their current node."),
        PriorityClass("system-cluster-critical", 2000000000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
        (new ResourceKey("storageclasses.storage.k8s.io", "", StorageClassKind.DefaultName), StorageClass()),
        (new ResourceKey("services", "default", "kubernetes"), KubernetesService()),
    ];

    public static IEnumerable<(ResourceKey Key, JsonObject Body)> Nodes(LocalClusterOptions options) =>
        Enumerable.Range(0, options.SimulatedNodes).Select(index => (new ResourceKey("nodes", "", SimulatedNodes.Name(index)), SimulatedNodes.Create(index, options.ProcessNode)));

    private static (ResourceKey, JsonObject) PriorityClass(string name, long value, string description) =>
        (new ResourceKey("priorityclasses.scheduling.k8s.io", "", name),
            Object("scheduling.k8s.io/v1", "PriorityClass", name, new JsonObject { ["value"] = value, ["description"] = description }));

    private static JsonObject StorageClass()
    {
        var body = Object("storage.k8s.io/v1", "StorageClass", StorageClassKind.DefaultName, new JsonObject { ["provisioner"] = ClaimBinder.Provisioner });
        body["metadata"]!["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" };
        return body;
    }

    private static JsonObject KubernetesService()
    {
        var port = new JsonObject { ["name"] = "https", ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = 6443 };
        var body = Object("v1", "Service", "kubernetes", new JsonObject { ["spec"] = new JsonObject { ["ports"] = new JsonArray(port) } });
        body["metadata"]!["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" };
        return body;
    }

    private static JsonObject Object(string apiVersion, string kind, string name, JsonObject content)
    {
        content["apiVersion"] = apiVersion;
        content["kind"] = kind;
        content["metadata"] = new JsonObject { ["name"] = name };
        return content;
    }
}
