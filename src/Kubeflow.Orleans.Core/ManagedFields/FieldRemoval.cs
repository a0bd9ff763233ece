using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>Takes what an applier no longer wants out of an object.</summary>
internal static class FieldRemoval
{
    /// <summary>
    /// Removes from what an apply produced whatever the applier owned before (<paramref name="last"/>), unless somebody still owns it
    /// (<paramref name="owned"/>, the applier's new configuration included) or nobody of them ever did.
    /// </summary>
    public static JsonObject Prune(JsonObject merged, FieldSet last, FieldSet owned, Schema schema)
    {
        var lastNamed = WithNamedParents(last, schema);
        var all = Paths(merged, schema);
        var pruned = Paths(Without(merged, lastNamed, schema), schema);
        var claimed = Paths(Without(merged, all.Except(pruned.Union(WithNamedParents(owned, schema))), schema), schema);
        return Without(merged, all.Except(claimed).Intersect(lastNamed), schema) as JsonObject ?? [];
    }

    private static FieldSet Paths(JsonNode? value, Schema schema) => value is null ? FieldSet.Empty : WithNamedParents(FieldWalk.Applied(value, schema), schema);

    /// <summary>Declared fields on the way to an owned path count as owned: with all it held an object goes too.</summary>
    private static FieldSet WithNamedParents(FieldSet set, Schema schema) => FieldSet.Of(
        set.IsOwned,
        [.. set.Steps.Select(step => step with { Below = WithNamedParents(step.Below, FieldSteps.Below(schema, step.Name)).Owned(step.Below.IsOwned || IsOnTheWay(step, schema)) })]);

    private static bool IsOnTheWay(FieldSet.Step step, Schema schema) => step.Below.Steps.Count > 0 && FieldSteps.IsNamed(schema, step.Name);

    /// <summary>Null when nothing is left.</summary>
    private static JsonNode? Without(JsonNode? value, FieldSet removed, Schema schema)
    {
        if (removed.Steps.Count == 0)
        {
            return value?.DeepClone();
        }

        if (FieldSteps.IsGranular(schema, value))
        {
            var members = value!.AsObject().Where(member => !removed[FieldSteps.Field + member.Key].IsOwned)
                .Select(member => KeyValuePair.Create(member.Key, Without(member.Value, removed[FieldSteps.Field + member.Key], FieldSteps.Member(schema, member.Key))));
            return new JsonObject(members) is { Count: > 0 } rest ? rest : null;
        }

        if (FieldSteps.IsAssociative(schema, value))
        {
            var elements = value!.AsArray().Select(element => (Element: element, Removed: removed[FieldSteps.ElementStep(schema, element)]))
                .Where(item => !item.Removed.IsOwned).Select(item => Without(item.Element, item.Removed, FieldSteps.Element(schema)));
            return new JsonArray([.. elements]) is { Count: > 0 } rest ? rest : null;
        }

        // Below one piece nothing can be taken away.
        return value is JsonObject or JsonArray ? null : value?.DeepClone();
    }
}
