using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>
/// What an object of a cluster lacks of what is wanted. What is not mentioned does not count: the cluster adds defaults, and others add
/// fields of their own, which stay.
/// </summary>
public static class ManifestDifference
{
    /// <summary>A merge patch that brings <paramref name="seen"/> to <paramref name="wanted"/>; null when nothing is lacking.</summary>
    public static JsonObject? Of(IKubernetesObject<V1ObjectMeta> wanted, JsonElement seen)
    {
        var manifest = JsonSerializer.Deserialize<JsonElement>(KubernetesJson.Serialize(wanted));
        var patch = new JsonObject();

        // Items of a list do not name their type.
        foreach (var member in manifest.EnumerateObject().Where(member => member.Name is not ("apiVersion" or "kind")))
        {
            Add(patch, member, seen);
        }

        return patch.Count == 0 ? null : patch;
    }

    private static void Add(JsonObject patch, JsonProperty wanted, JsonElement parent)
    {
        var seen = parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(wanted.Name, out var value) ? value : default;
        if (wanted.Value.ValueKind != JsonValueKind.Object)
        {
            if (Differs(wanted.Value, seen))
            {
                patch[wanted.Name] = JsonSerializer.SerializeToNode(wanted.Value);
            }

            return;
        }

        var nested = new JsonObject();
        foreach (var member in wanted.Value.EnumerateObject())
        {
            Add(nested, member, seen);
        }

        if (nested.Count > 0)
        {
            patch[wanted.Name] = nested;
        }
    }

    private static bool Differs(JsonElement wanted, JsonElement seen) => wanted.ValueKind switch
    {
        JsonValueKind.Object => wanted.EnumerateObject().Any(member =>
            seen.ValueKind != JsonValueKind.Object || !seen.TryGetProperty(member.Name, out var value) || Differs(member.Value, value)),
        JsonValueKind.Array => seen.ValueKind != JsonValueKind.Array || wanted.GetArrayLength() != seen.GetArrayLength()
            || wanted.EnumerateArray().Zip(seen.EnumerateArray()).Any(pair => Differs(pair.First, pair.Second)),
        _ => seen.ValueKind != wanted.ValueKind || !JsonElement.DeepEquals(wanted, seen),
    };
}
