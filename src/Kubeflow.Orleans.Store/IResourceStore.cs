using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Store;

/// <summary>
/// The truth: one document per object and one totally ordered log of every change. A position in that log is a
/// <c>resourceVersion</c>. Whoever has seen position N has seen every change at or below N.
/// A write that has been answered survives the end of every process.
/// </summary>
public interface IResourceStore : IAsyncDisposable
{
    /// <summary>The position of the newest change.</summary>
    ValueTask<long> HeadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The log's floor: reading on from a position below it is refused, reading from it is legal.
    /// </summary>
    ValueTask<long> FloorAsync(CancellationToken cancellationToken);

    ValueTask<StoredObject?> GetAsync(ResourceKey key, CancellationToken cancellationToken);

    /// <summary>One page of the objects of a resource, ordered by key, all as they were at <see cref="ListPage.Position"/>.</summary>
    /// <exception cref="PositionExpiredException"><see cref="ListQuery.At"/> is below the floor.</exception>
    ValueTask<ListPage> ListAsync(ListQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Writes each operation or says why not; results stand in the order of the operations. Operations are independent of each
    /// other; those that arrive together are committed together, unless they concern the same object or are very many.
    /// </summary>
    ValueTask<IReadOnlyList<WriteResult>> WriteAsync(IReadOnlyList<WriteOperation> operations, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="limit"/> changes above <paramref name="after"/>, in order; empty at the head.</summary>
    /// <exception cref="PositionExpiredException"><paramref name="after"/> is below the floor.</exception>
    ValueTask<IReadOnlyList<Change>> ReadLogAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Returns when a change above <paramref name="after"/> exists. May return early.</summary>
    Task WaitForChangeAsync(long after, CancellationToken cancellationToken);

    /// <summary>Objects whose <c>next_wake</c> has come, oldest first; those of the given shards only (0 to 63).</summary>
    ValueTask<IReadOnlyList<DueObject>> ReadDueAsync(DateTimeOffset now, ShardRange shards, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets the log at and below <paramref name="position"/>; current documents stay. Returns the new floor.</summary>
    ValueTask<long> TrimAsync(long position, CancellationToken cancellationToken);
}

/// <summary>A stored object with what only the control plane sees of it.</summary>
/// <param name="NextWake">When its grain must look at it again; null: never by itself.</param>
/// <param name="Notes">The grain's private notes (JSON), written in the same transaction as the document; empty: none.</param>
public sealed record StoredObject(Document Document, DateTimeOffset? NextWake, ReadOnlyMemory<byte> Notes);

/// <summary>An object that is due, see <see cref="IResourceStore.ReadDueAsync"/>.</summary>
public readonly record struct DueObject(ResourceKey Key, DateTimeOffset NextWake);

/// <summary>A half-open range of shards, 0 to 64.</summary>
public readonly record struct ShardRange(int From, int To)
{
    public static ShardRange All { get; } = new(0, Core.StableHash.ShardCount);
}

/// <summary>What to list.</summary>
public sealed record ListQuery(string Resource)
{
    /// <summary>Null: all namespaces.</summary>
    public string? Namespace { get; init; }

    /// <summary>How many items at the most; 0: all.</summary>
    public int Limit { get; init; }

    /// <summary>Continue behind this key.</summary>
    public ResourceKey? After { get; init; }

    /// <summary>The position to list at; null: the newest.</summary>
    public long? At { get; init; }

    /// <summary>Keeps an object; null keeps all. Runs while the page is read: cheap and pure.</summary>
    public Func<Document, bool>? Filter { get; init; }
}

/// <param name="Position">Every item is as it was at this position.</param>
/// <param name="Next">The last key of this page when there is more; null at the end.</param>
/// <param name="Remaining">How many items follow; null when that is not known (a filter).</param>
public sealed record ListPage(IReadOnlyList<Document> Items, long Position, ResourceKey? Next, long? Remaining);

/// <summary>The position asked for is no longer in the log: start again from a list.</summary>
public sealed class PositionExpiredException(long position, long floor) : Exception($"too old resource version: {position} ({floor})")
{
    public long Position { get; } = position;

    public long Floor { get; } = floor;
}

/// <summary>The store cannot take more writes right now; nothing was written. Try again after a moment.</summary>
public sealed class StoreBusyException() : Exception("The store's write queue is full; try again in a moment.");

/// <summary>
/// The store's database does not answer. What was to be read was not; whether what was to be written happened is not known, as with any
/// request whose answer got lost.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? inner) : Exception(message, inner);
