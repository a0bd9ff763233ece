using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.Patches;

/// <summary>How two lists merge in a strategic merge patch: objects by their merge key, scalars as a set.</summary>
internal static class ListMerge
{
    /// <summary>Merges a patch's list into the one that is there. Consumes both.</summary>
    public static JsonArray Merge(JsonArray current, JsonArray patch, Schema schema)
    {
        var objects = patch.Concat(current).Count(item => item is JsonObject);
        if (patch.Concat(current).Any(item => item is JsonArray))
        {
            throw new PatchException(PatchFailure.Unprocessable, "lists of lists are not supported");
        }

        if (objects != 0 && objects != patch.Count + current.Count)
        {
            throw new PatchException(PatchFailure.BadRequest, "list element types are not identical");
        }

        return objects == 0 && schema.PatchMergeKey.Length == 0 ? MergeScalars(current, patch) : MergeObjects(current, patch, schema);
    }

    public static void RemoveScalars(JsonArray? list, JsonArray deleted)
    {
        var values = deleted.Select(item => Identity(item, "")).ToHashSet(StringComparer.Ordinal);
        list?.RemoveAll(item => values.Contains(Identity(item, "")));
    }

    /// <summary>
    /// Puts what the patch's author has named in the author's order; elements only the server knows keep their place among those
    /// they stood before.
    /// </summary>
    /// <param name="earlier">Where the elements stood before the patch, see <see cref="Positions"/>.</param>
    public static JsonArray InOrder(JsonArray merged, JsonArray order, IReadOnlyDictionary<string, int> earlier, string mergeKey)
    {
        var wanted = Positions(order, mergeKey);
        var items = Detach(merged);
        var named = new Queue<JsonNode?>(items.Where(item => wanted.ContainsKey(Identity(item, mergeKey))).OrderBy(item => wanted[Identity(item, mergeKey)]));
        var serverOnly = new Queue<JsonNode?>(items.Where(item => !wanted.ContainsKey(Identity(item, mergeKey))));
        var result = new JsonArray();
        while (named.Count > 0 || serverOnly.Count > 0)
        {
            var takeServer = named.Count == 0 || (serverOnly.Count > 0 && StoodBefore(serverOnly.Peek(), named.Peek()));
            result.Add(takeServer ? serverOnly.Dequeue() : named.Dequeue());
        }

        return result;

        bool StoodBefore(JsonNode? left, JsonNode? right) =>
            earlier.TryGetValue(Identity(left, mergeKey), out var leftAt) && earlier.TryGetValue(Identity(right, mergeKey), out var rightAt) && leftAt < rightAt;
    }

    private static JsonArray MergeScalars(JsonArray current, JsonArray patch)
    {
        var result = new JsonArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in Detach(current).Concat(Detach(patch)))
        {
            if (seen.Add(Identity(item, "")))
            {
                result.Add(item);
            }
        }

        return result;
    }

    private static JsonArray MergeObjects(JsonArray current, JsonArray patch, Schema schema)
    {
        var changes = new List<JsonObject>();
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        var replaced = false;
        foreach (var change in Detach(patch).Cast<JsonObject>())
        {
            switch (change.ContainsKey(StrategicMergePatch.PatchDirective) ? StrategicMergePatch.Directive(change) : "")
            {
                case "replace":
                    replaced = true;
                    break;
                case "delete":
                    deleted.Add(KeyOf(change, schema.PatchMergeKey));
                    break;
                case "merge":
                    throw new PatchException(PatchFailure.BadRequest, "delete/replace are the only allowed values of $patch in a list element");
                default:
                    changes.Add(change);
                    break;
            }
        }

        if (replaced)
        {
            return new JsonArray([.. changes.Select(StrategicMergePatch.WithoutDirectives)]);
        }

        current.RemoveAll(item => deleted.Contains(Identity(item, schema.PatchMergeKey)));
        return MergeByKey(current, changes, schema);
    }

    private static JsonArray MergeByKey(JsonArray current, List<JsonObject> changes, Schema schema)
    {
        var positions = Positions(current, schema.PatchMergeKey);
        var items = Detach(current);
        foreach (var change in changes)
        {
            var key = KeyOf(change, schema.PatchMergeKey);
            if (positions.TryGetValue(key, out var at))
            {
                items[at] = StrategicMergePatch.Merge((JsonObject)items[at]!, change, schema.Items);
            }
            else
            {
                positions[key] = items.Count;
                items.Add(StrategicMergePatch.WithoutDirectives(change));
            }
        }

        return new JsonArray([.. items]);
    }

    private static string KeyOf(JsonObject item, string mergeKey) => item[mergeKey]?.ToJsonString() ?? throw new PatchException(
        PatchFailure.InternalError, $"map: {item.ToJsonString()} does not contain declared merge key: {mergeKey}");

    /// <summary>Where each element stands, by its merge key or, for scalars, its value.</summary>
    public static Dictionary<string, int> Positions(JsonArray list, string mergeKey)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < list.Count; index++)
        {
            positions.TryAdd(Identity(list[index], mergeKey), index);
        }

        return positions;
    }

    private static string Identity(JsonNode? item, string mergeKey) => (item is JsonObject fields && mergeKey.Length > 0 ? fields[mergeKey] : item)?.ToJsonString() ?? "null";

    /// <summary>The elements, free to be put into another list.</summary>
    private static List<JsonNode?> Detach(JsonArray list)
    {
        var items = list.ToList();
        list.Clear();
        return items;
    }
}
