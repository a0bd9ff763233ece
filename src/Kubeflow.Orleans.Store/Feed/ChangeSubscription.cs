namespace Kubeflow.Orleans.Store.Feed;

/// <summary>A position in the log and nothing else: nobody knows of it, so nobody waits for a slow one. For one reader at a time.</summary>
internal sealed class ChangeSubscription(ChangeFeed feed, string? resource, long after) : IChangeSubscription
{
    private const int ReadLimit = 512;

    private readonly ResourceTail tail = feed.TailOf(resource);

    public long Position { get; private set; } = after;

    public async ValueTask<IReadOnlyList<Change>> ReadAsync(TimeSpan maximumWait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumWait, TimeSpan.Zero);
        var started = feed.TimeProvider.GetTimestamp();
        while (true)
        {
            var changed = tail.Changed.Next;
            var (changes, nothingNewer) = TryReadTail() ?? await ReadLogAsync(cancellationToken);
            var left = maximumWait - feed.TimeProvider.GetElapsedTime(started);
            if (changes.Count > 0 || left <= TimeSpan.Zero)
            {
                return changes;
            }

            if (nothingNewer)
            {
                await changed.WaitAsync(left, feed.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>There is nothing to give back.</summary>
    public void Dispose()
    {
    }

    /// <summary>From memory; null when it does not reach back far enough.</summary>
    private (IReadOnlyList<Change> Changes, bool NothingNewer)? TryReadTail()
    {
        // Before the ring, which may meanwhile get ahead of it but never behind.
        var complete = feed.Position;
        if (!tail.Ring.TryRead(Position, ReadLimit, out var changes))
        {
            return null;
        }

        var cut = changes.Count == ReadLimit;
        Position = Math.Max(Math.Max(Position, cut ? 0 : complete), changes.Count > 0 ? changes[^1].Position : 0);
        return (changes, changes.Count == 0);
    }

    private async ValueTask<(IReadOnlyList<Change> Changes, bool NothingNewer)> ReadLogAsync(CancellationToken cancellationToken)
    {
        var log = await feed.Store.ReadLogAsync(Position, ReadLimit, cancellationToken);
        if (log.Count == 0)
        {
            return (log, true);
        }

        Position = log[^1].Position;
        return (resource is null ? log : [.. log.Where(change => change.Key.Resource == resource)], false);
    }
}
