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

    /// <summary>Something that is wanted is not so.</summary>
    public static bool HasDrifted(IKubernetesObject<V1ObjectMeta> wanted, JsonElement seen) => ManifestDifference.Of(wanted, seen) is not null;

    private static IEnumerable<ClusterAction> Repair(IKubernetesObject<V1ObjectMeta> item, ObservedChild child) =>
        HasDrifted(item, child.Content) ? [new ClusterAction.Update(item, child.Uid, child.ResourceVersion)] : [];
}
