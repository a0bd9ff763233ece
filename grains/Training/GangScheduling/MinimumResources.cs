using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>
/// What the first members of a group need together: the requests of their containers, or the limits of a container that requests
/// nothing. Roles count in the kind's order.
/// </summary>
internal static class MinimumResources
{
    public static Dictionary<string, ResourceQuantity> Of(TrainingJob job, int members)
    {
        var sums = new SortedDictionary<string, (decimal Sum, ResourceQuantity.SuffixFormat Format)>(StringComparer.Ordinal);
        long left = members;
        foreach (var spec in job.Replicas)
        {
            var count = Math.Min(left, spec.Replicas);
            left -= count;
            foreach (var (name, quantity) in count > 0 ? Needs(spec) : [])
            {
                var (sum, format) = sums.GetValueOrDefault(name, (0, quantity.Format));
                sums[name] = (sum + (count * quantity.ToDecimal()), format);
            }
        }

        return sums.ToDictionary(entry => entry.Key, entry => new ResourceQuantity(entry.Value.Sum, 0, entry.Value.Format), StringComparer.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, ResourceQuantity>> Needs(ReplicaSpec spec) =>
        KubernetesJson.Deserialize<V1PodTemplateSpec>(spec.Template.GetRawText()).Spec.Containers
            .SelectMany(container => container.Resources is { Requests: { Count: > 0 } requests } ? requests : container.Resources?.Limits ?? new Dictionary<string, ResourceQuantity>());
}
