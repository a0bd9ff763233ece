using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// The condition that tells that an object's cluster cannot be used. It stands in the status while that is so and not a moment longer:
/// whoever shows the last condition shows again what the object itself says.
/// </summary>
internal static class ClusterCondition
{
    public const string Type = "ClusterUnavailable";
    public const string Unreachable = "ClusterUnreachable";
    public const string Unknown = "ClusterUnknown";
    public const string NamespaceMissing = "NamespaceNotFound";

    private static readonly string[] Endings = ["Succeeded", "Failed", "Complete"];

    /// <summary>The reason the status gives now; null when it has no such condition.</summary>
    public static string? ReasonIn(JsonElement status) =>
        Conditions(status).Where(condition => Text(condition, "type") == Type).Select(condition => Text(condition, "reason")).FirstOrDefault();

    /// <summary>An object that has ended does not need its cluster any more.</summary>
    public static bool HasEnded(JsonElement status) =>
        Conditions(status).Any(condition => Endings.Contains(Text(condition, "type")) && Text(condition, "status") == "True");

    public static JsonObject With(JsonElement status, string reason, string message, DateTimeOffset now)
    {
        var changed = Without(status);
        if (changed["conditions"] is not JsonArray conditions)
        {
            changed["conditions"] = conditions = [];
        }

        var time = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        conditions.Add(new JsonObject
        {
            ["type"] = Type,
            ["status"] = "True",
            ["reason"] = reason,
            ["message"] = message,
            ["lastUpdateTime"] = time,
            ["lastTransitionTime"] = time,
        });
        return changed;
    }

    public static JsonObject Without(JsonElement status)
    {
        var changed = status.ValueKind == JsonValueKind.Object ? JsonObject.Create(status)! : [];
        (changed["conditions"] as JsonArray)?.RemoveAll(condition => condition is JsonObject known && (string?)known["type"] == Type);
        return changed;
    }

    private static IEnumerable<JsonElement> Conditions(JsonElement status) =>
        status.ValueKind == JsonValueKind.Object && status.TryGetProperty("conditions", out var conditions) && conditions.ValueKind == JsonValueKind.Array
            ? conditions.EnumerateArray()
            : [];

    private static string Text(JsonElement condition, string name) =>
        condition.ValueKind == JsonValueKind.Object && condition.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
