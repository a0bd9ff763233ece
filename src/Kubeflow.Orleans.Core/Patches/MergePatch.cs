using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Core.Patches;

/// <summary>JSON merge patch, RFC 7396.</summary>
public static class MergePatch
{
    /// <summary>Patches an object must be objects.</summary>
    /// <exception cref="PatchException">400 when it is something else.</exception>
    public static JsonObject Body(JsonNode? patch) => patch as JsonObject ?? throw new PatchException(
        PatchFailure.BadRequest, $"error decoding patch: json: cannot unmarshal {Reading.ObjectReader.GoKind(patch)} into Go value of type map[string]interface {{}}");

    /// <summary>The patched value; <paramref name="target"/> itself, changed, when both are objects. The patch stays as it is.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var merged = target as JsonObject ?? [];
        foreach (var (name, change) in changes)
        {
            if (change is null)
            {
                merged.Remove(name);
                continue;
            }

            var current = merged[name];
            var value = Apply(current, change);
            if (value != current)
            {
                merged[name] = value;
            }
        }

        return merged;
    }
}
