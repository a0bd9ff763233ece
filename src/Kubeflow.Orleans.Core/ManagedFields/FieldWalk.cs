using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.ManagedFields;

/// <summary>The field sets of values.</summary>
internal static class FieldWalk
{
    /// <summary>
    /// What somebody owns who applies this: the leaves, elements of lists, entries of maps and empty objects; not the containers that
    /// are merely on the way.
    /// </summary>
    public static FieldSet Applied(JsonNode? value, Schema schema) => Walk(value, schema, ownsContainers: false);

    /// <summary>Everything there is, containers included: what somebody owns who put it there.</summary>
    public static FieldSet Everything(JsonNode? value, Schema schema) => Walk(value, schema, ownsContainers: true);

    private static FieldSet Walk(JsonNode? value, Schema schema, bool ownsContainers)
    {
        if (FieldSteps.IsGranular(schema, value))
        {
            return Members(value!.AsObject(), schema, ownsContainers);
        }

        return FieldSteps.IsAssociative(schema, value) ? Elements(value!.AsArray(), schema, ownsContainers) : FieldSet.Leaf;
    }

    private static FieldSet Members(JsonObject members, Schema schema, bool ownsContainers)
    {
        var steps = new List<FieldSet.Step>(members.Count);
        foreach (var (name, value) in members)
        {
            var step = FieldSteps.Field + name;
            var below = Walk(value, FieldSteps.Member(schema, name), ownsContainers);
            var isOwned = below.IsOwned || value is null or JsonObject { Count: 0 } || !schema.Properties.ContainsKey(name);
            steps.Add(new FieldSet.Step(step, below.Owned(isOwned)));
        }

        return FieldSet.Of(ownsContainers, steps);
    }

    private static FieldSet Elements(JsonArray elements, Schema schema, bool ownsContainers)
    {
        var steps = new List<FieldSet.Step>(elements.Count);
        foreach (var element in elements)
        {
            steps.Add(new FieldSet.Step(FieldSteps.ElementStep(schema, element), Walk(element, FieldSteps.Element(schema), ownsContainers).Owned(true)));
        }

        return FieldSet.Of(ownsContainers, steps);
    }
}
