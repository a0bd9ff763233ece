using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>Which fields differ between two states of an object. The order of elements that have names does not count.</summary>
internal sealed record FieldComparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    private static readonly FieldComparison Same = new(FieldSet.Empty, FieldSet.Empty, FieldSet.Empty);

    private static readonly FieldComparison Changed = Same with { Modified = FieldSet.Leaf };

    public FieldSet Written => Added.Union(Modified);

    public static FieldComparison Between(JsonNode? before, JsonNode? after, Schema schema)
    {
        switch (before, after)
        {
            case (null, null):
                return Same;
            case (null, _):
                return Same with { Added = FieldWalk.Everything(after, schema) };
            case (_, null):
                return Same with { Removed = FieldWalk.Everything(before, schema) };
            case (JsonObject { Count: 0 } or JsonArray { Count: 0 }, JsonObject { Count: 0 } or JsonArray { Count: 0 }):
                return Leaves(before, after);
        }

        if (FieldSteps.IsGranular(schema, before) && FieldSteps.IsGranular(schema, after))
        {
            return OfParts(Parts(before.AsObject()), Parts(after.AsObject()), schema);
        }

        return FieldSteps.IsAssociative(schema, before) && FieldSteps.IsAssociative(schema, after)
            ? OfParts(Parts(before.AsArray(), schema), Parts(after.AsArray(), schema), schema)
            : Leaves(before, after);
    }

    private static FieldComparison Leaves(JsonNode before, JsonNode after) => JsonNode.DeepEquals(before, after) ? Same : Changed;

    private static FieldComparison OfParts(Dictionary<string, JsonNode?> before, Dictionary<string, JsonNode?> after, Schema schema)
    {
        var (added, modified, removed) = (new List<FieldSet.Step>(), new List<FieldSet.Step>(), new List<FieldSet.Step>());
        foreach (var step in before.Keys.Union(after.Keys))
        {
            var part = Between(before.GetValueOrDefault(step), after.GetValueOrDefault(step), FieldSteps.Below(schema, step));
            added.Add(new FieldSet.Step(step, part.Added));
            modified.Add(new FieldSet.Step(step, part.Modified));
            removed.Add(new FieldSet.Step(step, part.Removed));
        }

        return new FieldComparison(FieldSet.Of(false, added), FieldSet.Of(false, modified), FieldSet.Of(false, removed));
    }

    private static Dictionary<string, JsonNode?> Parts(JsonObject members)
    {
        var parts = new Dictionary<string, JsonNode?>(members.Count, StringComparer.Ordinal);
        foreach (var (name, value) in members)
        {
            parts[FieldSteps.Field + name] = value;
        }

        return parts;
    }

    private static Dictionary<string, JsonNode?> Parts(JsonArray elements, Schema schema)
    {
        var parts = new Dictionary<string, JsonNode?>(elements.Count, StringComparer.Ordinal);
        foreach (var element in elements)
        {
            parts.TryAdd(FieldSteps.ElementStep(schema, element), element);
        }

        return parts;
    }
}
