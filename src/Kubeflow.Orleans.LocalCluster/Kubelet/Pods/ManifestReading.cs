using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Reading manifests where an absent field means something.</summary>
internal static class ManifestReading
{
    public static string TextOr(this JsonElement element, string name, string absent) => element.Scalar(name) is { Length: > 0 } value ? value : absent;

    public static IReadOnlyDictionary<string, string> Map(this JsonElement element, string name) =>
        element.Fields(name).Where(field => field.Value.ValueKind == JsonValueKind.String).ToDictionary(field => field.Name, field => field.Value.GetString()!, StringComparer.Ordinal);
}
