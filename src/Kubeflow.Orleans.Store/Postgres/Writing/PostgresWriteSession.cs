using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Writing;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres.Writing;

/// <summary>A transaction whose end is not known, because its connection was lost.</summary>
internal sealed record LostBatch(long Writer, long Batch);

/// <summary>What a committed batch answers, and where the log ends after it.</summary>
internal sealed record CommittedBatch(IReadOnlyList<WriteResult> Results, long Head);

/// <summary>A writing connection and its row in <c>writer</c>. Good until the first failure; then a new one finds out what became of it.</summary>
internal sealed class PostgresWriteSession : IAsyncDisposable
{
    private const string Register = "INSERT INTO writer DEFAULT VALUES RETURNING id, current_setting('synchronous_commit')";

    private const string Unregister = "DELETE FROM writer WHERE id = $1";

    /// <summary>Rows of processes that were killed. One that still lives finds itself closed and registers again.</summary>
    private const string ForgetAbandoned = "DELETE FROM writer WHERE used < now() - interval '30 days'";

    /// <summary>
    /// May be repeated. Waits for a transaction that is committing; one that has not got to its writer's row yet will find it closed.
    /// </summary>
    private const string Close = "UPDATE writer SET closed = true WHERE id = $1 RETURNING batch, base, head";

    private const string ReadChanges =
        """
        SELECT l.floor, c.doc, c.rv, c.resource, c.ns, c.name
        FROM log l LEFT JOIN change c ON c.rv > $1 AND c.rv <= $2
        """;

    private readonly NpgsqlConnection connection;
    private readonly string channel;
    private readonly long writer;
    private long batch;

    private PostgresWriteSession(NpgsqlConnection connection, string channel, long writer)
    {
        this.connection = connection;
        this.channel = channel;
        this.writer = writer;
    }

    /// <summary>The last batch this session began.</summary>
    public LostBatch Last => new(writer, batch);

    public static async Task<PostgresWriteSession> OpenAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenWriterAsync(cancellationToken);
        try
        {
            return new PostgresWriteSession(connection, database.Schema, await RegisterAsync(connection, cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Commits the batch; null when this session was closed, and nothing was written.</summary>
    public async Task<CommittedBatch?> WriteAsync(IReadOnlyList<PendingWrite> writes, CancellationToken cancellationToken)
    {
        batch++;
        await using var statements = WriteBatchStatements.Create(connection, channel, writer, batch, writes);
        await using var reader = await statements.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var results = new List<WriteResult>(writes.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            results.Add(ResultOf(writes[results.Count].Operation, reader));
        }

        await reader.NextResultAsync(cancellationToken);
        var head = await reader.ReadAsync(cancellationToken) ? reader.GetInt64(0) : 0;

        // Only behind the last result stands whether the commit succeeded.
        while (await reader.NextResultAsync(cancellationToken))
        {
        }

        return results.Count == writes.Count ? new CommittedBatch(results, head) : null;
    }

    /// <summary>
    /// Finds out what became of a batch, and answers what it wrote. Returns the rest: it has written nothing and never will.
    /// </summary>
    public async Task<IReadOnlyList<PendingWrite>> ResolveAsync(LostBatch lost, IReadOnlyList<PendingWrite> writes, CancellationToken cancellationToken)
    {
        if (await CloseAsync(lost, cancellationToken) is not { } receipt || receipt.Head == receipt.Base)
        {
            return writes;
        }

        var (written, floor) = await ReadWrittenAsync(receipt.Base, receipt.Head, cancellationToken);
        if (floor > receipt.Base)
        {
            throw new StoreUnavailableException("The log was trimmed before the outcome of a write could be read in it.", null);
        }

        var rest = new List<PendingWrite>();
        foreach (var write in writes)
        {
            if (written.TryGetValue(write.Operation.Key, out var document))
            {
                write.Answer(new Committed(document));
            }
            else
            {
                rest.Add(write);
            }
        }

        return rest;
    }

    public async Task UnregisterAsync(CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(Unregister, writer);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static async Task<long> RegisterAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using (var forget = connection.Statement(ForgetAbandoned))
        {
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var register = connection.Statement(Register);
        await using var row = await register.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetString(1) == "on"
            ? row.GetInt64(0)
            : throw new InvalidOperationException($"The connection commits with synchronous_commit = {row.GetString(1)}: an answered write might be lost.");
    }

    private static WriteResult ResultOf(WriteOperation operation, NpgsqlDataReader row)
    {
        long? found = row.IsDBNull(0) ? null : row.GetInt64(0);
        var stored = row.IsDBNull(2) ? null : new Document(row.GetFieldValue<byte[]>(2));
        if (row.IsDBNull(1))
        {
            var current = found is { } version ? new CurrentVersion(version, stored!.WithResourceVersion(version)) : null;
            return WriteDecision.Refuse(operation, current) ?? new Committed(current!.Document);
        }

        return new Committed((WriteDecision.DocumentOf(operation) ?? stored!).WithResourceVersion(row.GetInt64(1)));
    }

    /// <summary>The range of the log the batch wrote; null when it was not committed.</summary>
    private async Task<(long Base, long Head)?> CloseAsync(LostBatch lost, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(Close, lost.Writer);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && row.GetInt64(0) == lost.Batch ? (row.GetInt64(1), row.GetInt64(2)) : null;
    }

    private async Task<(Dictionary<ResourceKey, Document> Written, long Floor)> ReadWrittenAsync(long from, long to, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(ReadChanges, from, to);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var (written, floor) = (new Dictionary<ResourceKey, Document>(), 0L);
        while (await row.ReadAsync(cancellationToken))
        {
            floor = row.GetInt64(0);
            if (!row.IsDBNull(1))
            {
                written.Add(
                    new ResourceKey(row.GetString(3), row.GetString(4), row.GetString(5)),
                    new Document(row.GetFieldValue<byte[]>(1)).WithResourceVersion(row.GetInt64(2)));
            }
        }

        return (written, floor);
    }
}
