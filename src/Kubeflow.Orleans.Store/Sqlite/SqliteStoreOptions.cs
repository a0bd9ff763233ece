namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>How hard a commit is pressed to the disk.</summary>
public enum SqliteSynchronous
{
    /// <summary>Every commit is flushed: an answered write survives power loss.</summary>
    Full,

    /// <summary>An answered write survives the end of every process, but the last ones may be lost when the machine loses power.</summary>
    Normal,
}

public sealed record SqliteStoreOptions
{
    /// <summary>The database file; made when missing, with its directory. SQLite's own files and a lock file stand beside it.</summary>
    public required string Path { get; init; }

    public SqliteSynchronous Synchronous { get; init; } = SqliteSynchronous.Full;

    /// <summary>How many calls may wait for the writer; beyond that <see cref="StoreBusyException"/>.</summary>
    public int QueueCapacity { get; init; } = 10_000;
}
