using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.LocalCluster.Json;

/// <summary>Changing the mutable copy of a document.</summary>
internal static class JsonWriting
{
    public static JsonObject? Object(this JsonObject parent, string name) => parent[name] as JsonObject;

    /// <summary>The object under this name, made if there is none.</summary>
    public static JsonObject Child(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing)
        {
            return existing;
        }

        var created = new JsonObject();
        parent[name] = created;
        return created;
    }

    public static IEnumerable<JsonObject> Objects(this JsonObject? parent, string name) => (parent?[name] as JsonArray)?.OfType<JsonObject>() ?? [];

    public static JsonArray Array(this JsonObject parent, string name)
    {
        if (parent[name] is JsonArray existing)
        {
            return existing;
        }

        var created = new JsonArray();
        parent[name] = created;
        return created;
    }

    public static string Text(this JsonObject? parent, string name) => parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary>A value set by code keeps its CLR type, one that was parsed gives whatever is asked for.</summary>
    public static long? Integer(this JsonObject? parent, string name) => parent?[name] switch
    {
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        _ => null,
    };

    public static bool Flag(this JsonObject? parent, string name) => parent?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    /// <summary>Sets the field when it is absent, null or, for texts, empty: Go's zero values are "not set".</summary>
    public static void Default(this JsonObject parent, string name, string value)
    {
        if (parent[name] is null || (parent[name] is JsonValue present && present.TryGetValue<string>(out var text) && text.Length == 0))
        {
            parent[name] = value;
        }
    }

    public static void Default(this JsonObject parent, string name, JsonNode value)
    {
        if (parent[name] is null)
        {
            parent[name] = value;
        }
    }

    /// <summary>Removes the entries of a list that match; an empty list goes as well. True when something went.</summary>
    public static bool RemoveFrom(this JsonObject parent, string name, Func<JsonNode?, bool> matches)
    {
        if (parent[name] is not JsonArray list)
        {
            return false;
        }

        var removed = list.RemoveAll(matches) > 0;
        if (list.Count == 0)
        {
            parent.Remove(name);
        }

        return removed;
    }

    /// <summary>Sets a condition, keeping its transition time while the status stays. True when something changed.</summary>
    public static bool SetCondition(this JsonObject status, string type, string value, string reason, string message, string now)
    {
        var conditions = status.Array("conditions");
        var current = conditions.OfType<JsonObject>().FirstOrDefault(condition => condition.Text("type") == type);
        if (current is not null && current.Text("status") == value && current.Text("reason") == reason && current.Text("message") == message)
        {
            return false;
        }

        var transition = current is not null && current.Text("status") == value ? current.Text("lastTransitionTime") : now;
        var updated = new JsonObject { ["type"] = type, ["status"] = value, ["lastTransitionTime"] = transition };
        if (reason.Length > 0)
        {
            updated["reason"] = reason;
        }

        if (message.Length > 0)
        {
            updated["message"] = message;
        }

        if (current is null)
        {
            conditions.Add(updated);
        }
        else
        {
            conditions[conditions.IndexOf(current)] = updated;
        }

        return true;
    }
}
