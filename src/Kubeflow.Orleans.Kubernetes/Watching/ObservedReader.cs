using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>Reads from a child's JSON just what is kept of it.</summary>
public static class ObservedReader
{
    public static ObservedPod Pod(JsonElement pod)
    {
        var metadata = new MetadataView(pod);
        var status = Get(pod, "status");
        return new ObservedPod
        {
            Name = metadata.Name,
            Namespace = metadata.Namespace,
            Uid = metadata.Uid,
            OwnerUid = metadata.Controller?.Uid ?? "",
            Labels = metadata.Labels.ToImmutableDictionary(StringComparer.Ordinal),
            Phase = Text(status, "phase") is { Length: > 0 } phase ? phase : "Pending",
            Reason = Text(status, "reason"),
            NodeName = Text(Get(pod, "spec"), "nodeName"),
            CreationTime = metadata.CreationTimestamp,
            StartTime = Time(status, "startTime"),
            DeletionTime = metadata.DeletionTimestamp,
            InitContainers = Containers(status, "initContainerStatuses"),
            Containers = Containers(status, "containerStatuses"),
            Conditions = [.. Items(status, "conditions").Select(Condition)],
        };
    }

    public static ObservedService Service(JsonElement service)
    {
        var metadata = new MetadataView(service);
        return new ObservedService
        {
            Name = metadata.Name,
            Namespace = metadata.Namespace,
            Uid = metadata.Uid,
            OwnerUid = metadata.Controller?.Uid ?? "",
            Terminating = metadata.DeletionTimestamp is not null,
            Labels = metadata.Labels.ToImmutableDictionary(StringComparer.Ordinal),
        };
    }

    public static ObservedChild Child(ChildKind kind, JsonElement child)
    {
        var metadata = new MetadataView(child);
        return new ObservedChild
        {
            Kind = kind,
            Name = metadata.Name,
            Uid = metadata.Uid,
            OwnerUid = metadata.Controller?.Uid ?? "",
            ResourceVersion = Text(Get(child, "metadata"), "resourceVersion"),
            Terminating = metadata.DeletionTimestamp is not null,

            // A list is one document: it must not stay in memory for one of its items.
            Content = child.Clone(),
        };
    }

    private static ImmutableArray<ObservedContainer> Containers(JsonElement status, string list) => [.. Items(status, list).Select(Container)];

    private static ObservedContainer Container(JsonElement container)
    {
        var state = Get(container, "state");
        var waiting = Get(state, "waiting");
        var terminated = Get(state, "terminated");
        return new ObservedContainer
        {
            Name = Text(container, "name"),
            RestartCount = Number(container, "restartCount"),
            Ready = Get(container, "ready").ValueKind == JsonValueKind.True,
            Waiting = waiting.ValueKind == JsonValueKind.Object ? new ObservedWaiting(Text(waiting, "reason"), Text(waiting, "message")) : null,
            Running = Get(state, "running").ValueKind == JsonValueKind.Object,
            Terminated = terminated.ValueKind == JsonValueKind.Object
                ? new ObservedTermination(Number(terminated, "exitCode"), Text(terminated, "reason"), Text(terminated, "message"))
                : null,
        };
    }

    private static ObservedCondition Condition(JsonElement condition) => new(
        Text(condition, "type"), Text(condition, "status"), Text(condition, "reason"), Text(condition, "message"), Time(condition, "lastTransitionTime"));

    private static JsonElement Get(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string Text(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    private static int Number(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : 0;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        DateTimeOffset.TryParse(Text(element, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
