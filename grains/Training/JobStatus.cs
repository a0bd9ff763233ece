using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>How many pods of a role are in which state; zeros are left out of the JSON.</summary>
internal sealed record ReplicaStatus(int Active, int Succeeded, int Failed, string Selector = "");

/// <summary>A typed view over <c>status</c> that changes are made on; fields nobody here knows survive.</summary>
internal sealed record JobStatus
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ssZ";

    public JobConditions Conditions { get; init; } = JobConditions.Empty;

    public ImmutableSortedDictionary<string, ReplicaStatus> ReplicaStatuses { get; init; } = ImmutableSortedDictionary<string, ReplicaStatus>.Empty;

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }

    /// <summary>Restarts that count against the limit; 0 is left out of the JSON.</summary>
    public int Restarts { get; init; }

    public static JobStatus Read(JsonElement status) => new()
    {
        Conditions = new JobConditions([.. status.Items("conditions").Select(ReadCondition)]),
        ReplicaStatuses = status.Get("replicaStatuses").Members().ToImmutableSortedDictionary(member => member.Name, member => ReadReplicas(member.Value), StringComparer.Ordinal),
        StartTime = Time(status, "startTime"),
        CompletionTime = Time(status, "completionTime"),
        Restarts = Count(status, "restarts"),
    };

    /// <summary>The same with every role's counts changed.</summary>
    public JobStatus WithReplicas(Func<ReplicaStatus, ReplicaStatus> change) =>
        this with { ReplicaStatuses = ReplicaStatuses.ToImmutableSortedDictionary(entry => entry.Key, entry => change(entry.Value), StringComparer.Ordinal) };

    /// <summary>The whole status, on top of what <paramref name="previous"/> holds beside these fields.</summary>
    public JsonObject ToNode(JsonElement previous)
    {
        var node = previous.ValueKind == JsonValueKind.Object ? JsonObject.Create(previous.Clone())! : [];
        node["conditions"] = new JsonArray([.. Conditions.Items.Select(ToNode)]);
        node["replicaStatuses"] = new JsonObject(ReplicaStatuses.Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Key, ToNode(entry.Value))));
        SetTime(node, "startTime", StartTime);
        SetTime(node, "completionTime", CompletionTime);
        if (ReplicaStatuses.IsEmpty)
        {
            node.Remove("replicaStatuses");
        }

        node.Remove("restarts");
        SetCount(node, "restarts", Restarts);

        return node;
    }

    private static JobCondition ReadCondition(JsonElement condition) => new(
        condition.Text("type") ?? "",
        condition.Text("status") ?? "",
        condition.Text("reason") ?? "",
        condition.Text("message") ?? "",
        Time(condition, "lastUpdateTime"),
        Time(condition, "lastTransitionTime"));

    private static JsonObject ToNode(JobCondition condition)
    {
        var node = new JsonObject { ["type"] = condition.Type, ["status"] = condition.Status };
        SetText(node, "reason", condition.Reason);
        SetText(node, "message", condition.Message);
        SetTime(node, "lastUpdateTime", condition.LastUpdateTime);
        SetTime(node, "lastTransitionTime", condition.LastTransitionTime);
        return node;
    }

    private static ReplicaStatus ReadReplicas(JsonElement replicas) => new(
        Count(replicas, "active"), Count(replicas, "succeeded"), Count(replicas, "failed"), replicas.Text("selector") ?? "");

    private static int Count(JsonElement replicas, string name) => (int)Math.Clamp(replicas.Integer(name) ?? 0, 0, int.MaxValue);

    private static JsonObject ToNode(ReplicaStatus replicas)
    {
        var node = new JsonObject();
        SetCount(node, "active", replicas.Active);
        SetCount(node, "succeeded", replicas.Succeeded);
        SetCount(node, "failed", replicas.Failed);
        SetText(node, "selector", replicas.Selector);
        return node;
    }

    public static DateTimeOffset? Time(JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static void SetTime(JsonObject node, string name, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            node[name] = value.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        }
    }

    private static void SetText(JsonObject node, string name, string text)
    {
        if (text.Length > 0)
        {
            node[name] = text;
        }
    }

    private static void SetCount(JsonObject node, string name, int count)
    {
        if (count > 0)
        {
            node[name] = count;
        }
    }
}
