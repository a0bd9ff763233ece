using Kubeflow.Orleans.Store.Feed;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Store.Postgres.Writing;

/// <summary>
/// The one writer of this process. Whatever is queued when it is free goes into the next transaction together: the previous commit is the
/// only delay. A lost connection is made good here: what the lost transaction wrote is answered, the rest is written again.
/// </summary>
internal sealed partial class PostgresWriter : IAsyncDisposable
{
    private static readonly TimeSpan SlowCommit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PartingLimit = TimeSpan.FromSeconds(2);

    private readonly PostgresDatabase database;
    private readonly KnownHead head;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly WriteQueue queue;
    private readonly Task running;
    private PostgresWriteSession? session;

    public PostgresWriter(PostgresDatabase database, KnownHead head, int queueCapacity, TimeProvider timeProvider, ILogger logger)
    {
        this.database = database;
        this.head = head;
        this.timeProvider = timeProvider;
        this.logger = logger;
        queue = new WriteQueue(queueCapacity);
        running = Task.Run(RunAsync);
    }

    /// <summary>Queues the operations and waits until they are durable. Who stops waiting does not stop them.</summary>
    /// <exception cref="StoreBusyException">The queue is full; nothing was done.</exception>
    public async Task<IReadOnlyList<WriteResult>> WriteAsync(IReadOnlyList<WriteOperation> operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(queue.IsClosed, typeof(PostgresResourceStore));
        if (operations.Count == 0)
        {
            return [];
        }

        var call = new PendingCall(operations);
        if (!queue.TryAdd(call))
        {
            ObjectDisposedException.ThrowIf(queue.IsClosed, typeof(PostgresResourceStore));
            throw new StoreBusyException();
        }

        return await call.Completion.WaitAsync(cancellationToken);
    }

    /// <summary>Finishes what is queued; while the database does not answer, that fails at once.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Close();
        await running;
    }

    private async Task RunAsync()
    {
        while (await queue.TakeAsync() is { } batch)
        {
            var started = timeProvider.GetTimestamp();
            await CommitAsync(batch);
            if (timeProvider.GetElapsedTime(started) is var elapsed && elapsed > SlowCommit)
            {
                LogSlow(logger, batch.Count, elapsed);
            }
        }

        await PartAsync();
    }

    /// <summary>
    /// Answers every operation of the batch, one way or the other. When the database refuses the transaction, its operations are tried
    /// each by itself: only the one that is to blame must pay for it.
    /// </summary>
    private async Task CommitAsync(IReadOnlyList<PendingWrite> batch)
    {
        var started = timeProvider.GetTimestamp();
        var eachAlone = false;
        LostBatch? lost = null;
        for (var attempt = 0; batch.Count > 0; attempt++)
        {
            try
            {
                session ??= await PostgresWriteSession.OpenAsync(database, CancellationToken.None);
                batch = lost is null ? batch : await session.ResolveAsync(lost, batch, CancellationToken.None);
                lost = null;
                if (eachAlone)
                {
                    await CommitEachAsync(batch);
                    return;
                }

                if (batch.Count == 0 || await TryWriteAsync(session, batch))
                {
                    return;
                }
            }
            catch (Exception exception)
            {
                LogFailed(logger, exception, batch.Count);
                lost ??= session?.Last;
                var refused = session is not null && !PostgresDatabase.IsOutage(exception);
                eachAlone = refused && batch.Count > 1 && !eachAlone;
                if (!eachAlone && (refused || IsHopeless(exception, started)))
                {
                    await LoseSessionAsync();
                    Fail(batch, refused ? exception : new StoreUnavailableException("The database does not answer; it is not known whether the write happened.", exception));
                    return;
                }
            }

            await LoseSessionAsync();
            await database.PauseAsync(attempt, CancellationToken.None);
        }
    }

    private bool IsHopeless(Exception exception, long started) =>
        queue.IsClosed || !PostgresDatabase.IsOutage(exception) || timeProvider.GetElapsedTime(started) >= database.OutageLimit;

    private async Task CommitEachAsync(IReadOnlyList<PendingWrite> batch)
    {
        foreach (var write in batch)
        {
            await CommitAsync([write]);
        }
    }

    private async Task<bool> TryWriteAsync(PostgresWriteSession open, IReadOnlyList<PendingWrite> batch)
    {
        if (await open.WriteAsync(batch, CancellationToken.None) is not { } committed)
        {
            return false;
        }

        head.Advance(committed.Head);
        for (var index = 0; index < batch.Count; index++)
        {
            batch[index].Answer(committed.Results[index]);
        }

        return true;
    }

    private static void Fail(IReadOnlyList<PendingWrite> batch, Exception exception)
    {
        foreach (var write in batch)
        {
            write.Fail(exception);
        }
    }

    private async Task LoseSessionAsync()
    {
        if (session is { } lost)
        {
            session = null;
            await lost.DisposeAsync();
        }
    }

    private async Task PartAsync()
    {
        if (session is null)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(PartingLimit, timeProvider);
            await session.UnregisterAsync(limit.Token);
        }
        catch (Exception exception)
        {
            LogParting(logger, exception);
        }

        await LoseSessionAsync();
    }

    [LoggerMessage(LogLevel.Warning, "A transaction of {Writes} operations failed; finding out what became of it.")]
    private static partial void LogFailed(ILogger logger, Exception exception, int writes);

    [LoggerMessage(LogLevel.Warning, "A transaction of {Writes} operations took {Elapsed}: the database is slow, or others hold its lock.")]
    private static partial void LogSlow(ILogger logger, int writes, TimeSpan elapsed);

    [LoggerMessage(LogLevel.Debug, "The writer's row could not be removed; it is forgotten in time.")]
    private static partial void LogParting(ILogger logger, Exception exception);
}
