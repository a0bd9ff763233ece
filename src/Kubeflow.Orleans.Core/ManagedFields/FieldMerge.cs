using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>Puts an applied configuration over an object: members and named elements merge, everything else is replaced.</summary>
internal static class FieldMerge
{
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, Schema schema)
    {
        if (FieldSteps.IsGranular(schema, live) && (applied is null || FieldSteps.IsGranular(schema, applied)))
        {
            return Members(live!.AsObject(), applied as JsonObject ?? [], schema);
        }

        return FieldSteps.IsAssociative(schema, live) && (applied is null || FieldSteps.IsAssociative(schema, applied))
            ? Elements(live!.AsArray(), applied as JsonArray ?? [], schema)
            : (applied ?? live)?.DeepClone();
    }

    private static JsonObject Members(JsonObject live, JsonObject applied, Schema schema)
    {
        var merged = new JsonObject();
        foreach (var (name, value) in live)
        {
            merged[name] = applied.TryGetPropertyValue(name, out var wanted) ? Merge(value, wanted, FieldSteps.Member(schema, name)) : value?.DeepClone();
        }

        foreach (var (name, value) in applied.Where(member => !live.ContainsKey(member.Key)))
        {
            merged[name] = value?.DeepClone();
        }

        return merged;
    }

    /// <summary>The applied elements keep their order; elements only the object has stay before the common element they stood before.</summary>
    private static JsonArray Elements(JsonArray live, JsonArray applied, Schema schema)
    {
        var stored = new Queue<(string Step, JsonNode? Element)>(live.Select(element => (FieldSteps.ElementStep(schema, element), element)));
        var counterparts = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (step, element) in stored)
        {
            counterparts.TryAdd(step, element);
        }

        var wanted = applied.Select(element => (Step: FieldSteps.ElementStep(schema, element), Element: element)).ToArray();
        var common = new Queue<string>(wanted.Select(item => item.Step).Where(counterparts.ContainsKey));
        var names = wanted.Select(item => item.Step).ToHashSet(StringComparer.Ordinal);
        var merged = new JsonArray();
        foreach (var (step, element) in wanted)
        {
            KeepUntil(common.TryPeek(out var next) ? next : null);
            if (step == next)
            {
                common.Dequeue();
                _ = stored.TryPeek(out var reached) && reached.Step == step && stored.TryDequeue(out _);
            }

            merged.Add(counterparts.TryGetValue(step, out var counterpart) ? Merge(counterpart, element, FieldSteps.Element(schema)) : element?.DeepClone());
        }

        KeepUntil(null);
        return merged;

        void KeepUntil(string? next)
        {
            while (stored.TryPeek(out var item) && item.Step != next)
            {
                stored.Dequeue();
                if (!names.Contains(item.Step))
                {
                    merged.Add(item.Element?.DeepClone());
                }
            }
        }
    }
}
