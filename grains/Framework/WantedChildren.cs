using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>Brings the children of further kinds to what is wanted: missing ones are made, surplus ones go, others are written only when they drifted.</summary>
internal static class WantedChildren
{
    public static IEnumerable<ClusterAction> Actions(IEnumerable<IKubernetesObject<V1ObjectMeta>> wanted, IReadOnlyList<ObservedChild> seen)
    {
        var places = wanted.ToDictionary(item => (ChildKind.Of(item), item.Metadata.Name));
        var present = seen.Select(child => (child.Kind, child.Name)).ToHashSet();
        return
        [
            .. places.Where(place => !present.Contains(place.Key)).Select(place => new ClusterAction.Create(place.Value)),
            .. seen.Where(child => !child.Terminating).SelectMany(child => places.TryGetValue((child.Kind, child.Name), out var item) ? Repair(item, child) : [new ClusterAction.Delete(child.Kind, child.Name, child.Uid)]),
        ];
    }

    /// <summary>
    /// Something that is wanted is not so. What is not mentioned does not count: the cluster adds defaults, and others add fields of
    /// their own, which stay.
    /// </summary>
    public static bool HasDrifted(IKubernetesObject<V1ObjectMeta> wanted, JsonElement seen) =>

        // Items of a list do not name their type.
        JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(wanted)).EnumerateObject()
            .Any(member => member.Name is not ("apiVersion" or "kind") && Differs(member.Value, Member(seen, member.Name)));

    private static IEnumerable<ClusterAction> Repair(IKubernetesObject<V1ObjectMeta> item, ObservedChild child) =>
        HasDrifted(item, child.Content) ? [new ClusterAction.Update(item, child.Uid, child.ResourceVersion)] : [];

    private static bool Differs(JsonElement wanted, JsonElement seen) => wanted.ValueKind switch
    {
        JsonValueKind.Object => wanted.EnumerateObject().Any(member => Differs(member.Value, Member(seen, member.Name))),
        JsonValueKind.Array => seen.ValueKind != JsonValueKind.Array || wanted.GetArrayLength() != seen.GetArrayLength()
            || wanted.EnumerateArray().Zip(seen.EnumerateArray()).Any(pair => Differs(pair.First, pair.Second)),
        _ => seen.ValueKind != wanted.ValueKind || !JsonElement.DeepEquals(wanted, seen),
    };

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
}
