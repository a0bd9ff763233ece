using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>How many jobs of a replicated job are in which state.</summary>
internal sealed record JobCounts(string Name, int Ready, int Succeeded, int Failed, int Active, int Suspended);

/// <summary>One entry of <c>status.conditions</c>.</summary>
internal sealed record TrainJobCondition(string Type, string Status, string Reason, string Message, DateTimeOffset? LastTransitionTime)
{
    public const string Suspended = "Suspended";
    public const string Complete = "Complete";
    public const string Failed = "Failed";

    public const string True = "True";
    public const string False = "False";
}

/// <summary>
/// A typed view over the status. Conditions are only ever Suspended, Complete and Failed: SDKs take a job without conditions for a
/// running one, and the last one for its state.
/// </summary>
internal sealed record TrainJobStatus
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ssZ";

    public ImmutableArray<TrainJobCondition> Conditions { get; init; } = [];

    public ImmutableArray<JobCounts> Jobs { get; init; } = [];

    /// <summary>The condition that ended the job; null while it has not ended.</summary>
    public TrainJobCondition? Terminal => Conditions.FirstOrDefault(condition => condition is { Type: TrainJobCondition.Complete or TrainJobCondition.Failed, Status: TrainJobCondition.True });

    public TrainJobCondition? Find(string type) => Conditions.FirstOrDefault(condition => condition.Type == type);

    public static TrainJobStatus Read(JsonElement status) => new()
    {
        Conditions = [.. status.Items("conditions").Select(ReadCondition)],
        Jobs = [.. status.Items("jobsStatus").Select(ReadCounts)],
    };

    /// <summary>Sets a condition where it stands, a new one at the end; its time is that of its last change of status.</summary>
    public TrainJobStatus With(string type, string status, string reason, string message, DateTimeOffset now)
    {
        var present = Find(type);
        var condition = new TrainJobCondition(type, status, reason, message, present?.Status == status ? present.LastTransitionTime : now);
        return this with { Conditions = present is null ? Conditions.Add(condition) : Conditions.Replace(present, condition) };
    }

    /// <summary>The whole status, on top of what <paramref name="previous"/> holds beside these fields; null when there is nothing to say.</summary>
    public JsonObject? ToNode(JsonElement previous)
    {
        var node = previous.ValueKind == JsonValueKind.Object ? JsonObject.Create(previous.Clone())! : [];
        Set(node, "conditions", Conditions.Select(ToNode));
        Set(node, "jobsStatus", Jobs.Select(ToNode));
        return node.Count == 0 ? null : node;
    }

    private static void Set(JsonObject node, string name, IEnumerable<JsonObject> items)
    {
        node.Remove(name);
        if (items.ToArray<JsonNode>() is { Length: > 0 } present)
        {
            node[name] = new JsonArray(present);
        }
    }

    private static TrainJobCondition ReadCondition(JsonElement condition) => new(
        condition.Text("type") ?? "",
        condition.Text("status") ?? "",
        condition.Text("reason") ?? "",
        condition.Text("message") ?? "",
        DateTimeOffset.TryParse(condition.Text("lastTransitionTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null);

    private static JsonObject ToNode(TrainJobCondition condition) => new()
    {
        ["type"] = condition.Type,
        ["status"] = condition.Status,
        ["reason"] = condition.Reason,
        ["message"] = condition.Message,
        ["lastTransitionTime"] = condition.LastTransitionTime?.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture),
    };

    private static JobCounts ReadCounts(JsonElement counts) => new(
        counts.Text("name") ?? "", Count(counts, "ready"), Count(counts, "succeeded"), Count(counts, "failed"), Count(counts, "active"), Count(counts, "suspended"));

    private static JsonObject ToNode(JobCounts counts) => new()
    {
        ["name"] = counts.Name,
        ["ready"] = counts.Ready,
        ["succeeded"] = counts.Succeeded,
        ["failed"] = counts.Failed,
        ["active"] = counts.Active,
        ["suspended"] = counts.Suspended,
    };

    private static int Count(JsonElement counts, string name) => (int)Math.Clamp(counts.Integer(name) ?? 0, 0, int.MaxValue);
}
