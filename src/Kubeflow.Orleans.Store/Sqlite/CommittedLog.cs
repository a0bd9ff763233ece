using Kubeflow.Orleans.Store.Feed;

namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>How far the log reaches.</summary>
/// <param name="Head">The newest position ever given out.</param>
/// <param name="Floor">What is at and below it is forgotten.</param>
/// <param name="Trimmed">Up to here the forgotten rows are deleted; the rest up to the floor follows.</param>
internal sealed record LogState(long Head, long Floor, long Trimmed);

/// <summary>What of the log is durable, kept in memory: its reach and its newest changes. The writer publishes, everybody reads.</summary>
internal sealed class CommittedLog(LogState recovered)
{
    private const int TailLength = 4096;
    private const long TailBytes = 32 * 1024 * 1024;

    private readonly ChangeRing tail = new(TailLength, TailBytes, recovered.Head);
    private readonly KnownHead head = new(recovered.Head);
    private LogState state = recovered;

    public LogState State => Volatile.Read(ref state);

    public void Publish(LogState committed, IReadOnlyList<Change> changes)
    {
        tail.Append(changes);
        Volatile.Write(ref state, committed);
        head.Advance(committed.Head);
    }

    /// <summary>False when the changes above <paramref name="after"/> reach back further than memory does.</summary>
    /// <exception cref="PositionExpiredException"><paramref name="after"/> is below the floor.</exception>
    public bool TryRead(long after, int limit, out IReadOnlyList<Change> changes)
    {
        var floor = State.Floor;
        return after < floor ? throw new PositionExpiredException(after, floor) : tail.TryRead(after, limit, out changes);
    }

    public Task WaitForChangeAsync(long after, CancellationToken cancellationToken) => head.WaitForChangeAsync(after, cancellationToken);
}
