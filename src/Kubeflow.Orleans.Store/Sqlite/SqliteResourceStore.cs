using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Sqlite.Reading;
using Kubeflow.Orleans.Store.Sqlite.Writing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>
/// The store in one SQLite file, for one process at a time: one writer that commits in groups, readers beside it on connections of
/// their own, the newest changes in memory.
/// </summary>
public sealed class SqliteResourceStore : IResourceStore
{
    private readonly SqliteFileLock fileLock;
    private readonly SqliteReaderPool readers;
    private readonly CommittedLog log;
    private readonly SqliteWriter writer;

    private SqliteResourceStore(SqliteFileLock fileLock, SqliteReaderPool readers, CommittedLog log, SqliteWriter writer)
    {
        this.fileLock = fileLock;
        this.readers = readers;
        this.log = log;
        this.writer = writer;
    }

    /// <summary>Opens the file, or makes it, and brings its schema up to date. After a crash it is recovered here.</summary>
    /// <exception cref="StoreInUseException">Another store has the file open.</exception>
    /// <exception cref="InvalidOperationException">The file was written by a newer release.</exception>
    public static Task<SqliteResourceStore> OpenAsync(
        SqliteStoreOptions options, TimeProvider timeProvider, ILoggerFactory? loggerFactory, CancellationToken cancellationToken) =>
        Task.Run(() => Open(options, timeProvider, loggerFactory ?? NullLoggerFactory.Instance), cancellationToken);

    public ValueTask<long> HeadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(log.State.Head);

    public ValueTask<long> FloorAsync(CancellationToken cancellationToken) => ValueTask.FromResult(log.State.Floor);

    public ValueTask<StoredObject?> GetAsync(ResourceKey key, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => reader.Get(key), cancellationToken);

    public ValueTask<ListPage> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => reader.List(query, cancellationToken), cancellationToken);

    public async ValueTask<IReadOnlyList<WriteResult>> WriteAsync(IReadOnlyList<WriteOperation> operations, CancellationToken cancellationToken) =>
        await writer.DoAsync(new PendingWrite(operations), cancellationToken);

    public async ValueTask<IReadOnlyList<Change>> ReadLogAsync(long after, int limit, CancellationToken cancellationToken) =>
        log.TryRead(after, limit, out var changes) ? changes : await readers.ReadAsync(reader => reader.ReadLog(after, limit), cancellationToken);

    public Task WaitForChangeAsync(long after, CancellationToken cancellationToken) => log.WaitForChangeAsync(after, cancellationToken);

    public ValueTask<IReadOnlyList<DueObject>> ReadDueAsync(DateTimeOffset now, ShardRange shards, int limit, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => reader.ReadDue(now, shards, limit), cancellationToken);

    public async ValueTask<long> TrimAsync(long position, CancellationToken cancellationToken)
    {
        LogState state;
        do
        {
            state = await writer.DoAsync(new PendingTrim(position), cancellationToken);
        }
        while (state.Trimmed < state.Floor);
        return state.Floor;
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        readers.Dispose();
        fileLock.Dispose();
    }

    private static SqliteResourceStore Open(SqliteStoreOptions options, TimeProvider timeProvider, ILoggerFactory loggerFactory)
    {
        var database = new SqliteDatabase(options);
        database.EnsureDirectory();
        var fileLock = SqliteFileLock.Acquire(database.Path);
        try
        {
            database.EnsureFile();
            var session = new SqliteWriteSession(database.OpenMigrated(timeProvider));
            var log = new CommittedLog(session.Committed);
            var writer = new SqliteWriter(session, log, options.QueueCapacity, timeProvider, loggerFactory.CreateLogger<SqliteResourceStore>());
            return new SqliteResourceStore(fileLock, new SqliteReaderPool(database), log, writer);
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }
}
