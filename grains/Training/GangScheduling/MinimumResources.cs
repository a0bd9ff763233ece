using k8s;
using k8s.Models;
using Amounts = System.Collections.Generic.IEnumerable<System.Collections.Generic.KeyValuePair<string, k8s.Models.ResourceQuantity>>;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>What the first members of a group need together.</summary>
internal static class MinimumResources
{
    /// <param name="members">Roles count in the kind's order until there are so many.</param>
    /// <param name="needs">What one container needs.</param>
    public static Dictionary<string, ResourceQuantity> Of(TrainingJob job, int members, Func<V1ResourceRequirements?, Amounts> needs)
    {
        long left = members;
        var shares = new List<(long, Amounts)>();
        foreach (var spec in job.Replicas)
        {
            var count = Math.Min(left, spec.Replicas);
            left -= count;
            if (count > 0)
            {
                var pod = KubernetesJson.Deserialize<V1PodTemplateSpec>(spec.Template.GetRawText()).Spec;
                shares.Add((count, pod.Containers.SelectMany(container => needs(container.Resources))));
            }
        }

        return Sum(shares);
    }

    /// <summary>So many times each of these amounts.</summary>
    public static Dictionary<string, ResourceQuantity> Sum(IEnumerable<(long Count, Amounts Amounts)> shares)
    {
        var sums = new SortedDictionary<string, (decimal Sum, ResourceQuantity.SuffixFormat Format)>(StringComparer.Ordinal);
        foreach (var (count, amounts) in shares)
        {
            foreach (var (name, quantity) in amounts)
            {
                var (sum, format) = sums.GetValueOrDefault(name, (0, quantity.Format));
                sums[name] = (sum + (count * quantity.ToDecimal()), format);
            }
        }

        return sums.ToDictionary(entry => entry.Key, entry => new ResourceQuantity(entry.Value.Sum, 0, entry.Value.Format), StringComparer.Ordinal);
    }

    /// <summary>The requests of a container, or the limits of one that requests nothing.</summary>
    public static Amounts RequestsOrLimits(V1ResourceRequirements? resources) =>
        resources is { Requests: { Count: > 0 } requests } ? requests : resources?.Limits ?? new Dictionary<string, ResourceQuantity>();

    /// <summary>The requests of a container as Kubernetes completes them: a limit stands where no request does.</summary>
    public static Amounts RequestsAndLimits(V1ResourceRequirements? resources)
    {
        var requests = resources?.Requests ?? new Dictionary<string, ResourceQuantity>();
        return [.. requests, .. (resources?.Limits ?? new Dictionary<string, ResourceQuantity>()).Where(limit => !requests.ContainsKey(limit.Key))];
    }

    /// <summary>What the scheduler reserves for a pod: all its containers at once, or the one that runs before them and needs more, and the pod itself.</summary>
    public static Amounts OfPod(V1PodSpec pod)
    {
        var before = (pod.InitContainers ?? []).ToLookup(container => container.RestartPolicy == "Always");
        var needed = Sum(pod.Containers.Concat(before[true]).Select(container => (1L, RequestsAndLimits(container.Resources))));
        foreach (var (name, amount) in before[false].SelectMany(container => RequestsAndLimits(container.Resources)))
        {
            needed[name] = needed.TryGetValue(name, out var present) && present.ToDecimal() >= amount.ToDecimal() ? present : amount;
        }

        return Sum([(1L, needed), (1L, pod.Overhead ?? new Dictionary<string, ResourceQuantity>())]);
    }
}
