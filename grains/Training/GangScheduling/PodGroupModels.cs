using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>What is written of a PodGroup of Volcano.</summary>
[KubernetesEntity(Group = "scheduling.volcano.sh", ApiVersion = "v1beta1", Kind = "PodGroup", PluralName = "podgroups")]
internal sealed class VolcanoPodGroup : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "scheduling.volcano.sh/v1beta1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "PodGroup";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public required VolcanoPodGroupSpec Spec { get; init; }
}

internal sealed record VolcanoPodGroupSpec(
    [property: JsonPropertyName("minMember")] int MinMember,
    [property: JsonPropertyName("minResources")] IDictionary<string, ResourceQuantity>? MinResources,
    [property: JsonPropertyName("queue")] string? Queue,
    [property: JsonPropertyName("priorityClassName")] string? PriorityClassName,
    [property: JsonPropertyName("networkTopology")] VolcanoNetworkTopology? NetworkTopology = null);

/// <summary>How close to each other the pods of a group must be.</summary>
internal sealed record VolcanoNetworkTopology(
    [property: JsonPropertyName("mode")] string? Mode,
    [property: JsonPropertyName("highestTierAllowed")] int? HighestTierAllowed);

/// <summary>What is written of a PodGroup of the coscheduling plugin.</summary>
[KubernetesEntity(Group = "scheduling.x-k8s.io", ApiVersion = "v1alpha1", Kind = "PodGroup", PluralName = "podgroups")]
internal sealed class CoschedulingPodGroup : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "scheduling.x-k8s.io/v1alpha1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "PodGroup";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public required CoschedulingPodGroupSpec Spec { get; init; }
}

internal sealed record CoschedulingPodGroupSpec(
    [property: JsonPropertyName("minMember")] int MinMember,
    [property: JsonPropertyName("minResources")] IDictionary<string, ResourceQuantity>? MinResources,
    [property: JsonPropertyName("scheduleTimeoutSeconds")] int? ScheduleTimeoutSeconds);
