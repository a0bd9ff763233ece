using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>Reads a pod. Pure; whatever is missing or odd in it is left out.</summary>
internal static class ReplicaReader
{
    /// <summary>What training jobs and job sets call the role and the number of a pod.</summary>
    private static readonly ImmutableArray<(string Role, string Index)> PlaceLabels =
    [
        ("training.kubeflow.org/replica-type", "training.kubeflow.org/replica-index"),
        ("jobset.sigs.k8s.io/replicatedjob-name", "batch.kubernetes.io/job-completion-index"),
    ];

    /// <summary>Every pod passes through these: no reason to worry a person with.</summary>
    private static readonly ImmutableHashSet<string> Ordinary = ["ContainerCreating", "PodInitializing"];

    public static ReplicaState Read(Document pod)
    {
        var metadata = pod.Metadata;
        var status = Get(pod.Root, "status");
        var containers = Containers(status);
        var phase = Text(status, "phase") is { Length: > 0 } known ? known : "Pending";
        return new ReplicaState
        {
            PodName = metadata.Name,
            Namespace = metadata.Namespace,
            Uid = metadata.Uid,
            OwnerUid = metadata.Labels.GetValueOrDefault(WellKnown.OwnerUidLabel) ?? metadata.Controller?.Uid ?? metadata.Uid,
            Name = Name(metadata),
            Phase = metadata.DeletionTimestamp is not null && phase is ("Pending" or "Running") ? "Terminating" : phase,
            Waiting = phase is "Succeeded" or "Failed" ? "" : Waiting(status),
            Node = Text(Get(pod.Root, "spec"), "nodeName"),
            Started = Time(status, "startTime"),
            Finished = phase is "Succeeded" or "Failed" ? Finished(status) : null,
            Containers = containers,
        };
    }

    private static string Name(MetadataView metadata)
    {
        var labels = metadata.Labels;
        var place = PlaceLabels.FirstOrDefault(place => labels.ContainsKey(place.Role) && labels.ContainsKey(place.Index));
        return place.Role is null ? metadata.Name : $"{labels[place.Role]}-{labels[place.Index]}";
    }

    private static ImmutableArray<ContainerState> Containers(JsonElement status) =>
        [.. Items(status, "initContainerStatuses").Select(item => Container(item, isInit: true)), .. Items(status, "containerStatuses").Select(item => Container(item, isInit: false))];

    private static ContainerState Container(JsonElement status, bool isInit)
    {
        var ended = Get(Get(status, "state"), "terminated");
        var endedBefore = Get(Get(status, "lastState"), "terminated");
        var end = ended.ValueKind == JsonValueKind.Object ? ended : endedBefore;
        return new ContainerState(
            Text(status, "name"), isInit, Number(status, "restartCount") ?? 0,
            HasStarted: ended.ValueKind == JsonValueKind.Object || endedBefore.ValueKind == JsonValueKind.Object || Get(Get(status, "state"), "running").ValueKind == JsonValueKind.Object,
            Number(ended, "exitCode"), Number(endedBefore, "exitCode"), Text(end, "reason"), Text(end, "message").Trim());
    }

    private static string Waiting(JsonElement status)
    {
        foreach (var waiting in Items(status, "initContainerStatuses").Concat(Items(status, "containerStatuses")).Select(item => Get(Get(item, "state"), "waiting")))
        {
            if (Text(waiting, "reason") is { Length: > 0 } reason && !Ordinary.Contains(reason))
            {
                return Sentence(reason, Text(waiting, "message"));
            }
        }

        var unscheduled = Items(status, "conditions").FirstOrDefault(condition => Text(condition, "type") == "PodScheduled" && Text(condition, "status") == "False");
        return Sentence(Text(unscheduled, "reason"), Text(unscheduled, "message"));
    }

    private static string Sentence(string reason, string message) => message.Length == 0 ? reason : $"{reason}: {message}";

    private static DateTimeOffset? Finished(JsonElement status) =>
        Items(status, "containerStatuses").Select(item => Time(Get(Get(item, "state"), "terminated"), "finishedAt")).Max();

    private static JsonElement Get(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Array } items ? items.EnumerateArray() : [];

    private static string Text(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    private static int? Number(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        DateTimeOffset.TryParse(Text(element, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
