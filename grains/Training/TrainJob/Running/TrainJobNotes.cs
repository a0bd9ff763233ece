using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>
/// What neither the object nor its pods can tell: the runtime as it was when the job was first looked at, the attempt, and what the
/// pods of each job have already done.
/// </summary>
internal sealed record TrainJobNotes
{
    private static readonly JsonSerializerOptions Serialization = new(JsonSerializerDefaults.Web);

    /// <summary>The object these notes are about: a new object of the same name starts with none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>The runtime's whole document. Later changes of the runtime do not concern this job.</summary>
    public JsonElement? Runtime { get; init; }

    /// <summary>How often everything was started again; pods say which attempt they belong to.</summary>
    public int RestartAttempt { get; init; }

    /// <summary>The restarts that count towards the failure policy's limit.</summary>
    public int CountedRestarts { get; init; }

    /// <summary>The claims that outlive the job have been made.</summary>
    public bool RetainedClaimsMade { get; init; }

    /// <summary>What was said and still holds, in order.</summary>
    public ImmutableSortedSet<string> Said { get; init; } = [];

    /// <summary>By the name of the child job.</summary>
    public ImmutableSortedDictionary<string, ChildJobNotes> Jobs { get; init; } = ImmutableSortedDictionary<string, ChildJobNotes>.Empty;

    public static TrainJobNotes Read(JsonElement notes, string uid) =>
        notes.ValueKind == JsonValueKind.Object && notes.Text("uid") == uid ? notes.Deserialize<TrainJobNotes>(Serialization)! : new TrainJobNotes { Uid = uid };

    public ChildJobNotes Of(string childName) => Jobs.GetValueOrDefault(childName) ?? ChildJobNotes.None;

    public JsonObject ToNode() => JsonSerializer.SerializeToNode(this, Serialization)!.AsObject();
}

/// <summary>What is remembered of one child job in this attempt.</summary>
internal sealed record ChildJobNotes
{
    public static ChildJobNotes None { get; } = new();

    public DateTimeOffset? StartTime { get; init; }

    /// <summary>The indexes that have succeeded: they never run again.</summary>
    public ImmutableSortedSet<int> Completed { get; init; } = [];

    /// <summary>How many pods each index has used up; the number is part of the name of the next one.</summary>
    public ImmutableSortedDictionary<int, int> UsedPods { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>By index, the failures that count towards its own limit; kept where there is one.</summary>
    public ImmutableSortedDictionary<int, int> IndexFailures { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>The indexes that are given up; the job fails with them when the others have ended.</summary>
    public ImmutableSortedSet<int> FailedIndexes { get; init; } = [];

    /// <summary>Failures that count towards the back-off limit.</summary>
    public int Failures { get; init; }

    public DateTimeOffset? LastFailure { get; init; }

    /// <summary>Why the job failed for good; null: it has not.</summary>
    public string? FailureReason { get; init; }

    public string? FailureMessage { get; init; }

    /// <summary>How often this job alone was started again.</summary>
    public int OwnRestarts { get; init; }
}
