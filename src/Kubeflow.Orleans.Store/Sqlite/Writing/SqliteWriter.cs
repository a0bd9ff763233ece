using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>
/// The one writer. Whatever is queued when it is free goes into the next transaction together: the previous commit is the only delay,
/// and one flush of the disk serves everybody who came meanwhile. It has a thread of its own, because flushing blocks and because a
/// busy thread pool must not hold writes up.
/// </summary>
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    /// <summary>Enough to make the flush cheap for each, few enough to keep the wait short.</summary>
    private const int WeightPerTransaction = 512;

    private static readonly TimeSpan SlowCommit = TimeSpan.FromSeconds(1);

    private readonly SqliteWriteSession session;
    private readonly CommittedLog log;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly BlockingCollection<IPendingWork> queue;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SqliteWriter(SqliteWriteSession session, CommittedLog log, int queueCapacity, TimeProvider timeProvider, ILogger logger)
    {
        this.session = session;
        this.log = log;
        this.timeProvider = timeProvider;
        this.logger = logger;
        queue = new BlockingCollection<IPendingWork>(queueCapacity);
        new Thread(Run) { IsBackground = true, Name = "SQLite store writer" }.Start();
    }

    /// <summary>Queues the work and waits until it is durable. Who stops waiting does not stop the work.</summary>
    /// <exception cref="StoreBusyException">The queue is full; nothing was done.</exception>
    public async Task<TResult> DoAsync<TResult>(PendingWork<TResult> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!TryQueue(work))
        {
            throw new StoreBusyException();
        }

        return await work.Completion.WaitAsync(cancellationToken);
    }

    /// <summary>Finishes what is queued and closes the connection. The queue stays, closed, for those who come too late.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.CompleteAdding();
        await stopped.Task;
    }

    private bool TryQueue(IPendingWork work)
    {
        try
        {
            return queue.TryAdd(work);
        }
        catch (InvalidOperationException) when (queue.IsAddingCompleted)
        {
            throw new ObjectDisposedException(nameof(SqliteResourceStore));
        }
    }

    private void Run()
    {
        var batch = new List<IPendingWork>();
        foreach (var first in queue.GetConsumingEnumerable())
        {
            TakeWithWhatIsQueued(first, batch);
            Commit(batch);
            batch.Clear();
        }

        session.Dispose();
        stopped.SetResult();
    }

    private void TakeWithWhatIsQueued(IPendingWork first, List<IPendingWork> batch)
    {
        batch.Add(first);
        var weight = first.Weight;
        while (weight < WeightPerTransaction && queue.TryTake(out var next))
        {
            batch.Add(next);
            weight += next.Weight;
        }
    }

    private void Commit(List<IPendingWork> batch)
    {
        var started = timeProvider.GetTimestamp();
        try
        {
            session.Begin();
            batch.ForEach(work => work.Execute(session));
            var changes = session.Commit();
            log.Publish(session.Committed, changes);
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, batch.Count);
            Rollback();
            var told = IsFull(exception) ? new StoreUnavailableException("The disk that holds the store is full; nothing was written. Make room: writes then go on by themselves.", exception) : exception;
            batch.ForEach(work => work.Fail(told));
            return;
        }

        batch.ForEach(work => work.Complete());
        if (timeProvider.GetElapsedTime(started) is var elapsed && elapsed > SlowCommit)
        {
            LogSlow(logger, batch.Count, elapsed);
        }
    }

    private static bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: raw.SQLITE_FULL };

    private void Rollback()
    {
        try
        {
            session.Rollback();
        }
        catch (Exception exception)
        {
            LogRollbackFailed(logger, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "A transaction of {Calls} calls failed; none of them was written.")]
    private static partial void LogFailed(ILogger logger, Exception exception, int calls);

    [LoggerMessage(LogLevel.Critical, "The failed transaction could not be rolled back.")]
    private static partial void LogRollbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "A transaction of {Calls} calls took {Elapsed}: the disk is slow.")]
    private static partial void LogSlow(ILogger logger, int calls, TimeSpan elapsed);
}
