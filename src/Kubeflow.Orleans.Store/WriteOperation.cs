using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store;

/// <summary>What to do with an object's <c>next_wake</c> in a write.</summary>
public readonly record struct Wake
{
    private Wake(bool changes, DateTimeOffset? at)
    {
        Changes = changes;
        Time = at;
    }

    /// <summary>Leave it as it is.</summary>
    public static Wake Keep => default;

    /// <summary>Nobody needs to look.</summary>
    public static Wake Never { get; } = new(true, null);

    public bool Changes { get; }

    public DateTimeOffset? Time { get; }

    public static Wake At(DateTimeOffset time) => new(true, time);
}

/// <summary>One compare-and-set write.</summary>
public abstract record WriteOperation(ResourceKey Key)
{
    public Wake Wake { get; init; }

    /// <summary>The grain's private notes; null keeps what is there.</summary>
    public ReadOnlyMemory<byte>? Notes { get; init; }
}

/// <summary>Stores a new object; <see cref="Exists"/> when there is one.</summary>
public sealed record CreateOperation(ResourceKey Key, Document Document) : WriteOperation(Key);

/// <summary>Replaces the document if its version is still <paramref name="ExpectedVersion"/>.</summary>
public sealed record UpdateOperation(ResourceKey Key, long ExpectedVersion, Document Document) : WriteOperation(Key);

/// <summary>
/// Removes the object if its version is still <paramref name="ExpectedVersion"/>. The change carries <paramref name="Last"/>, the
/// last state as watchers see it, or the stored document when null.
/// </summary>
public sealed record DeleteOperation(ResourceKey Key, long ExpectedVersion, Document? Last = null) : WriteOperation(Key);

/// <summary>
/// Changes next_wake and notes only, if the version is still <paramref name="ExpectedVersion"/>: no new version, no change in the log.
/// </summary>
public sealed record WakeOperation(ResourceKey Key, long ExpectedVersion) : WriteOperation(Key);

/// <summary>The outcome of one operation.</summary>
public abstract record WriteResult;

/// <summary>Durable. The document carries its new resourceVersion (after a delete: the delete's own).</summary>
public sealed record Committed(Document Document) : WriteResult;

/// <summary>The stored version is another one; <paramref name="Current"/> is what is stored.</summary>
public sealed record Conflict(Document Current) : WriteResult;

public sealed record NotFound : WriteResult;

/// <summary>An object of that key is there already.</summary>
public sealed record Exists(Document Current) : WriteResult;

public enum ChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One entry of the log.</summary>
/// <param name="Document">The object after the change; for a delete its last state, carrying the delete's position.</param>
/// <param name="Previous">The object before the change; null for <see cref="ChangeType.Added"/>.</param>
public sealed record Change(long Position, ChangeType Type, ResourceKey Key, Document Document, Document? Previous);
