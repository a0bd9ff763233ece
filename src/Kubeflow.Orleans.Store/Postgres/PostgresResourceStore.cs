using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Postgres.Reading;
using Kubeflow.Orleans.Store.Postgres.Writing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>
/// The store in a PostgreSQL database, for any number of processes at once. Each has one writer that commits in groups; a lock on the
/// log's one row puts the transactions of all of them into one order.
/// </summary>
public sealed class PostgresResourceStore : IResourceStore
{
    private readonly PostgresDatabase database;
    private readonly KnownHead head = new(0);
    private readonly PostgresTail tail;
    private readonly PostgresWriter writer;
    private bool disposed;

    private PostgresResourceStore(PostgresDatabase database, int queueCapacity, TimeProvider timeProvider, ILogger logger)
    {
        this.database = database;
        tail = new PostgresTail(database, head, logger);
        writer = new PostgresWriter(database, head, queueCapacity, timeProvider, logger);
        Secrets = new PostgresSecrets(database);
    }

    /// <summary>What the silos of this store share beside its documents.</summary>
    public ISecretStore Secrets { get; }

    /// <summary>Opens the schema, or makes it, and brings it up to date.</summary>
    /// <exception cref="ArgumentException">The connection string or the schema's name is malformed.</exception>
    /// <exception cref="InvalidOperationException">The schema was made by a newer release.</exception>
    /// <exception cref="StoreUnavailableException">The database did not answer in time.</exception>
    public static async Task<PostgresResourceStore> OpenAsync(
        PostgresStoreOptions options, TimeProvider timeProvider, ILoggerFactory? loggerFactory, CancellationToken cancellationToken)
    {
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<PostgresResourceStore>();
        var database = new PostgresDatabase(options, timeProvider);
        try
        {
            await database.RepeatAsync((connection, token) => PostgresMigrations.ApplyAsync(connection, options.Schema, token), cancellationToken);
            return new PostgresResourceStore(database, options.QueueCapacity, timeProvider, logger);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<long> HeadAsync(CancellationToken cancellationToken) => (await ReadReachAsync(cancellationToken)).Head;

    public async ValueTask<long> FloorAsync(CancellationToken cancellationToken) => (await ReadReachAsync(cancellationToken)).Floor;

    public ValueTask<StoredObject?> GetAsync(ResourceKey key, CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresReader.GetAsync(connection, key, token), cancellationToken);

    public ValueTask<ListPage> ListAsync(ListQuery query, CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresListing.ReadAsync(connection, query, token), cancellationToken);

    public async ValueTask<IReadOnlyList<WriteResult>> WriteAsync(IReadOnlyList<WriteOperation> operations, CancellationToken cancellationToken) =>
        await writer.WriteAsync(operations, cancellationToken);

    public ValueTask<IReadOnlyList<Change>> ReadLogAsync(long after, int limit, CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresReader.ReadLogAsync(connection, after, limit, token), cancellationToken);

    public Task WaitForChangeAsync(long after, CancellationToken cancellationToken) => head.WaitForChangeAsync(after, cancellationToken);

    public ValueTask<IReadOnlyList<DueObject>> ReadDueAsync(DateTimeOffset now, ShardRange shards, int limit, CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresReader.ReadDueAsync(connection, now, shards, limit, token), cancellationToken);

    public ValueTask<long> TrimAsync(long position, CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresTrim.RunAsync(connection, database.Schema, position, token), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
        {
            return;
        }

        await writer.DisposeAsync();
        await tail.DisposeAsync();
        await database.DisposeAsync();
    }

    private ValueTask<LogReach> ReadReachAsync(CancellationToken cancellationToken) =>
        database.RepeatAsync((connection, token) => PostgresReader.ReadReachAsync(connection, token), cancellationToken);
}
