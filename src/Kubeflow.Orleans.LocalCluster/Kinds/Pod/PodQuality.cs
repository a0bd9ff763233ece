using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The quality-of-service class that follows from a pod's requests and limits.</summary>
internal static class PodQuality
{
    private static readonly string[] Compute = ["cpu", "memory"];

    public static string Of(JsonObject spec)
    {
        var containers = spec.Objects("initContainers").Concat(spec.Objects("containers")).Select(container => container.Object("resources")).ToList();
        if (containers.All(resources => Compute.All(name => !Sets(resources, "requests", name) && !Sets(resources, "limits", name))))
        {
            return "BestEffort";
        }

        return containers.All(IsGuaranteed) ? "Guaranteed" : "Burstable";
    }

    private static bool IsGuaranteed(JsonObject? resources) => Compute.All(name =>
        resources?.Object("limits")?[name] is { } limit && (resources.Object("requests")?[name] is not { } request || JsonNode.DeepEquals(limit, request)));

    private static bool Sets(JsonObject? resources, string list, string name) => resources?.Object(list)?[name] is not null;
}
