using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>How many processes a node's resources are good for.</summary>
internal static class NodeResources
{
    private const string Cpu = "cpu";

    /// <summary>Graphics processors, requests before limits; 0 when there are none.</summary>
    public static long Gpus(V1ResourceRequirements? resources) =>
        GpusOf(resources?.Requests) is var requested and > 0 ? requested : GpusOf(resources?.Limits);

    /// <summary>Whole processor cores, parts count as one; 0 when nothing is said.</summary>
    public static long Cores(V1ResourceRequirements? resources) => CoresOf(resources?.Requests) is var requested and > 0 ? requested : CoresOf(resources?.Limits);

    /// <summary>Each amount given replaces the one there was.</summary>
    public static V1ResourceRequirements Merge(V1ResourceRequirements? present, V1ResourceRequirements given) => new()
    {
        Claims = given.Claims ?? present?.Claims,
        Limits = Merge(present?.Limits, given.Limits),
        Requests = Merge(present?.Requests, given.Requests),
    };

    private static long GpusOf(IDictionary<string, ResourceQuantity>? amounts) =>
        (long)(amounts ?? new Dictionary<string, ResourceQuantity>()).Where(amount => amount.Key.Contains("gpu", StringComparison.OrdinalIgnoreCase)).Sum(amount => amount.Value.ToDecimal());

    private static long CoresOf(IDictionary<string, ResourceQuantity>? amounts) =>
        amounts is not null && amounts.TryGetValue(Cpu, out var cores) ? (long)Math.Ceiling(cores.ToDecimal()) : 0;

    private static Dictionary<string, ResourceQuantity>? Merge(IDictionary<string, ResourceQuantity>? present, IDictionary<string, ResourceQuantity>? given)
    {
        if (given is null && present is null)
        {
            return null;
        }

        var merged = new Dictionary<string, ResourceQuantity>(present ?? new Dictionary<string, ResourceQuantity>(), StringComparer.Ordinal);
        foreach (var (name, amount) in given ?? new Dictionary<string, ResourceQuantity>())
        {
            merged[name] = amount;
        }

        return merged;
    }
}
