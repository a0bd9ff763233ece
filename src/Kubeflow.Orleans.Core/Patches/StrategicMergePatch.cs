using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.Patches;

/// <summary>
/// Kubernetes' strategic merge patch: a merge patch whose lists merge by key, as the schema says, and that carries directives
/// (<c>$patch</c>, <c>$retainKeys</c>, <c>$setElementOrder/FIELD</c>, <c>$deleteFromPrimitiveList/FIELD</c>).
/// </summary>
public static class StrategicMergePatch
{
    internal const string PatchDirective = "$patch";

    private const string RetainKeys = "$retainKeys";
    private const string SetElementOrder = "$setElementOrder/";
    private const string DeleteFromPrimitiveList = "$deleteFromPrimitiveList/";

    /// <summary>The patched object: the target itself, changed. The patch stays as it is.</summary>
    /// <exception cref="PatchException">The patch is malformed (400), does not fit the schema (422) or an element lacks its key (500).</exception>
    public static JsonObject Apply(JsonObject target, JsonObject patch, Schema schema) =>
        MergeFields(target, patch.DeepClone().AsObject(), schema, ClrSchema.Of(typeof(k8s.Models.V1ObjectMeta)));

    /// <summary>Merges one object into another; consumes the patch.</summary>
    internal static JsonObject Merge(JsonObject target, JsonObject patch, Schema? schema) => MergeFields(target, patch, schema, null);

    /// <param name="metadata">The schema of metadata at the root, where the kind's own schema need not have it.</param>
    private static JsonObject MergeFields(JsonObject target, JsonObject patch, Schema? schema, Schema? metadata)
    {
        if (patch.ContainsKey(PatchDirective))
        {
            switch (Directive(patch))
            {
                case "replace":
                    patch.Remove(PatchDirective);
                    return patch;
                case "delete":
                    return [];
                default:
                    patch.Remove(PatchDirective);
                    break;
            }
        }

        Retain(target, patch);
        var orders = Take(patch, SetElementOrder, "$setElementOrder");
        foreach (var (field, deleted) in Take(patch, DeleteFromPrimitiveList, "$deleteFromPrimitiveList"))
        {
            ListMerge.RemoveScalars(target[field] as JsonArray, deleted);
        }

        foreach (var (name, change) in patch.ToArray())
        {
            patch.Remove(name);
            var property = schema?.Properties.GetValueOrDefault(name) ?? schema?.AdditionalProperties ?? (name == "metadata" ? metadata : null);
            MergeField(target, name, change, property, orders.GetValueOrDefault(name));
            orders.Remove(name);
        }

        foreach (var (name, order) in orders)
        {
            if (target[name] is JsonArray list)
            {
                var mergeKey = schema?.Properties.GetValueOrDefault(name)?.PatchMergeKey ?? "";
                target[name] = ListMerge.InOrder(list, order, ListMerge.Positions(list, mergeKey), mergeKey);
            }
        }

        return target;
    }

    private static void MergeField(JsonObject target, string name, JsonNode? change, Schema? schema, JsonArray? order)
    {
        var current = target[name];
        switch (change)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject fields when current is JsonObject existing && schema?.PatchStrategy is not "replace":
                var merged = Merge(existing, fields, schema);
                if (merged != existing)
                {
                    target[name] = merged;
                }

                break;
            case JsonArray items when schema is not null && IsMerged(schema):
                var before = current as JsonArray ?? [];
                var earlier = ListMerge.Positions(before, schema.PatchMergeKey);
                var list = ListMerge.Merge(before, items, schema);
                target[name] = order is null ? list : ListMerge.InOrder(list, order, earlier, schema.PatchMergeKey);
                break;
            default:
                target[name] = WithoutDirectives(change);
                break;
        }
    }

    internal static string Directive(JsonObject patch) => patch[PatchDirective] is { } node && node.GetValueKind() == JsonValueKind.String && node.GetValue<string>() is "replace" or "delete" or "merge"
        ? patch[PatchDirective]!.GetValue<string>()
        : throw new PatchException(PatchFailure.BadRequest, $"unknown patch type found: {patch[PatchDirective]}");

    /// <summary>What a patch says where nothing is there to merge with: the value, without nulls and directives.</summary>
    internal static JsonNode? WithoutDirectives(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToArray())
                {
                    if (value is null || name.StartsWith('$'))
                    {
                        fields.Remove(name);
                    }
                    else
                    {
                        WithoutDirectives(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var deleted in items.OfType<JsonObject>().Where(item => item[PatchDirective]?.ToString() == "delete").ToList())
                {
                    items.Remove(deleted);
                }

                foreach (var item in items)
                {
                    WithoutDirectives(item);
                }

                break;
        }

        return node;
    }

    private static bool IsMerged(Schema schema) => schema.PatchStrategy.Split(',').Contains("merge");

    private static void Retain(JsonObject target, JsonObject patch)
    {
        if (!patch.Remove(RetainKeys, out var directive))
        {
            return;
        }

        var retained = (directive as JsonArray ?? throw Malformed("$retainKeys")).Select(key => key?.ToString() ?? "").ToHashSet(StringComparer.Ordinal);
        if (patch.Any(field => field.Value is not null && !field.Key.StartsWith('$') && !retained.Contains(field.Key)))
        {
            throw new PatchException(PatchFailure.Unprocessable, "The new map must contain only the keys listed in $retainKeys");
        }

        foreach (var name in target.Select(field => field.Key).Where(name => !retained.Contains(name)).ToList())
        {
            target.Remove(name);
        }
    }

    /// <summary>Takes the lists of one directive out of the patch, by the field they are about.</summary>
    private static Dictionary<string, JsonArray> Take(JsonObject patch, string prefix, string directive)
    {
        var lists = new Dictionary<string, JsonArray>(StringComparer.Ordinal);
        foreach (var name in patch.Select(field => field.Key).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            lists[name[prefix.Length..]] = patch[name] as JsonArray ?? throw Malformed(directive);
            patch.Remove(name);
        }

        return lists;
    }

    private static PatchException Malformed(string directive) => new(PatchFailure.BadRequest, $"invalid patch format of {directive}");
}
