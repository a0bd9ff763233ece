using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// What the job's pods can no longer tell: which replicas are done, how often they were restarted, what was said already. Kept with the
/// status, in the same write.
/// </summary>
internal sealed record TrainingNotes
{
    private static readonly JsonSerializerOptions Serialization = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The object these notes are about: a new object of the same name starts with none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Warnings about the job itself that were said.</summary>
    public ImmutableSortedSet<string> Said { get; init; } = [];

    /// <summary>How often all replicas were started again together. Pods carry the number they belong to.</summary>
    public int Attempt { get; init; }

    /// <summary>Those of these restarts that count against the limit.</summary>
    public int Restarts { get; init; }

    /// <summary>Of the restarts of all replicas together.</summary>
    public RestartBackoff? Backoff { get; init; }

    /// <summary>By pod name.</summary>
    public ImmutableSortedDictionary<string, ReplicaNotes> Replicas { get; init; } = ImmutableSortedDictionary<string, ReplicaNotes>.Empty;

    public static TrainingNotes Read(JsonElement notes, string uid) =>
        notes.ValueKind == JsonValueKind.Object && notes.Text("uid") == uid ? notes.Deserialize<TrainingNotes>(Serialization)! : new TrainingNotes { Uid = uid };

    public ReplicaNotes Of(string podName) => Replicas.GetValueOrDefault(podName) ?? ReplicaNotes.None;

    public TrainingNotes With(string podName, ReplicaNotes notes) =>
        this with { Replicas = notes == ReplicaNotes.None ? Replicas.Remove(podName) : Replicas.SetItem(podName, notes) };

    public JsonObject ToNode() => JsonSerializer.SerializeToNode(this, Serialization)!.AsObject();
}

/// <summary>What is remembered of one replica.</summary>
internal sealed record ReplicaNotes
{
    public static ReplicaNotes None { get; } = new();

    /// <summary>A pod of this replica succeeded: it is never run again, even when somebody deletes that pod.</summary>
    public bool Completed { get; init; }

    /// <summary>Restarts that are no longer to be seen: containers' of pods that are gone, and the pods made anew.</summary>
    public int Restarts { get; init; }

    /// <summary>A pod of this attempt has run: when it is gone, its peers have lost it. Kept for jobs that restart as a group.</summary>
    public bool HasRun { get; init; }

    public RestartBackoff? Backoff { get; init; }

    /// <summary>uid of the pod whose failure was counted last, so that deciding twice counts once.</summary>
    public string CountedUid { get; init; } = "";

    /// <summary>Hashes of what was said of the pod and still holds, in order.</summary>
    public string Said { get; init; } = "";
}
