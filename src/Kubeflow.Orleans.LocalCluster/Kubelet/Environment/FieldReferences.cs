using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What a container may ask about its own pod: fieldRef and resourceFieldRef, in variables and downwardAPI volumes.</summary>
internal static class FieldReferences
{
    /// <returns>Null when there is no such field.</returns>
    public static string? Resolve(Pod pod, PodRecord record, string path) => path switch
    {
        "metadata.name" => pod.Name,
        "metadata.namespace" => pod.Namespace,
        "metadata.uid" => pod.Uid,
        "metadata.labels" => Lines(pod.Labels),
        "metadata.annotations" => Lines(pod.Annotations),
        "spec.nodeName" => pod.NodeName,
        "spec.serviceAccountName" => pod.ServiceAccountName,
        "status.hostIP" or "status.hostIPs" => record.HostIp,
        "status.podIP" or "status.podIPs" => record.PodIp,
        _ => Keyed(pod, path),
    };

    /// <summary>A container's request or limit in units of the divisor, rounded up; without a limit what the node can give.</summary>
    public static string? Resolve(Pod pod, JsonElement reference, string defaultContainer, KubeletOptions options)
    {
        var name = reference.TextOr("containerName", defaultContainer);
        if (reference.Scalar("resource").Split('.') is not [var list, var resource] || pod.AllContainers.FirstOrDefault(item => item.Name == name) is not { } container)
        {
            return null;
        }

        var amount = Quantity(container.Resources.At(list).Scalar(resource)) ?? (list, resource) switch
        {
            ("limits", "cpu") => options.AllocatableCpu,
            ("limits", "memory") => options.AllocatableMemory,
            _ => 0m,
        };
        var divisor = Quantity(reference.Scalar("divisor")) is { } given and not 0 ? given : 1m;
        return Math.Ceiling(amount / divisor).ToString("0", CultureInfo.InvariantCulture);
    }

    private static string? Keyed(Pod pod, string path)
    {
        var open = path.IndexOf("['", StringComparison.Ordinal);
        if (open < 0 || !path.EndsWith("']", StringComparison.Ordinal))
        {
            return null;
        }

        var key = path[(open + 2)..^2];
        return path[..open] switch
        {
            "metadata.labels" => pod.Labels.GetValueOrDefault(key, ""),
            "metadata.annotations" => pod.Annotations.GetValueOrDefault(key, ""),
            _ => null,
        };
    }

    /// <summary>All labels or annotations as the downward API writes them: sorted, one a line, values quoted.</summary>
    private static string Lines(IReadOnlyDictionary<string, string> map) =>
        string.Join('\n', map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={JsonSerializer.Serialize(entry.Value, Core.Resources.Document.SerializerOptions)}"));

    private static decimal? Quantity(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var digits = text.TakeWhile(character => char.IsAsciiDigit(character) || character is '.' or '-' or '+').Count();
        return decimal.TryParse(text[..digits], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * Unit(text[digits..]) : null;
    }

    private static decimal Unit(string suffix) => suffix switch
    {
        "n" => 1e-9m,
        "u" => 1e-6m,
        "m" => 1e-3m,
        "k" => 1e3m,
        "M" => 1e6m,
        "G" => 1e9m,
        "T" => 1e12m,
        "P" => 1e15m,
        "Ki" => 1L << 10,
        "Mi" => 1L << 20,
        "Gi" => 1L << 30,
        "Ti" => 1L << 40,
        "Pi" => 1L << 50,
        _ => 1m,
    };
}
