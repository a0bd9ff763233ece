using Kubeflow.Orleans.Core.Resources;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres.Reading;

/// <summary>How far the log reaches: its newest position, and the one at and below which it is forgotten.</summary>
internal readonly record struct LogReach(long Head, long Floor);

/// <summary>Reads that are one statement each, and so of one moment.</summary>
internal static class PostgresReader
{
    private const string Reach = "SELECT head, floor FROM log";

    private const string Get =
        """
        SELECT c.doc, c.rv, o.next_wake, o.notes FROM object o JOIN change c ON c.rv = o.rv
        WHERE o.resource = $1 AND o.ns = $2 AND o.name = $3
        """;

    /// <summary>The floor stands beside the rows: a trim between two statements would let rows be missing without a word.</summary>
    private const string ReadLog =
        """
        SELECT l.floor, n.doc, n.rv, n.type, n.resource, n.ns, n.name, n.prev_doc, n.prev_rv
        FROM log l LEFT JOIN LATERAL (
            SELECT c.doc, c.rv, c.type, c.resource, c.ns, c.name, p.doc AS prev_doc, p.rv AS prev_rv
            FROM change c LEFT JOIN change p ON p.rv = c.prev_rv
            WHERE c.rv > $1 ORDER BY c.rv LIMIT $2
        ) n ON l.floor <= $1
        ORDER BY n.rv
        """;

    private const string ReadDue =
        """
        SELECT resource, ns, name, next_wake FROM object
        WHERE next_wake <= $1 AND wake_shard >= $2 AND wake_shard < $3
        ORDER BY next_wake LIMIT $4
        """;

    public static async Task<LogReach> ReadReachAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(Reach);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new LogReach(row.GetInt64(0), row.GetInt64(1));
    }

    public static async Task<StoredObject?> GetAsync(NpgsqlConnection connection, ResourceKey key, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(Get, key.Resource, key.Namespace, key.Name);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new StoredObject(DocumentAt(row, 0), row.IsDBNull(2) ? null : Time(row.GetInt64(2)), row.IsDBNull(3) ? default : row.GetFieldValue<byte[]>(3))
            : null;
    }

    /// <exception cref="PositionExpiredException"><paramref name="after"/> is below the floor.</exception>
    public static async Task<IReadOnlyList<Change>> ReadLogAsync(NpgsqlConnection connection, long after, int limit, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(ReadLog, after, (long)limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new List<Change>();
        while (await row.ReadAsync(cancellationToken))
        {
            if (row.GetInt64(0) is var floor && after < floor)
            {
                throw new PositionExpiredException(after, floor);
            }

            if (!row.IsDBNull(1))
            {
                changes.Add(ChangeAt(row));
            }
        }

        return changes;
    }

    public static async Task<IReadOnlyList<DueObject>> ReadDueAsync(
        NpgsqlConnection connection, DateTimeOffset now, ShardRange shards, int limit, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(ReadDue, now.UtcTicks, (short)shards.From, (short)shards.To, (long)limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var due = new List<DueObject>();
        while (await row.ReadAsync(cancellationToken))
        {
            due.Add(new DueObject(new ResourceKey(row.GetString(0), row.GetString(1), row.GetString(2)), Time(row.GetInt64(3))));
        }

        return due;
    }

    /// <summary>The document in this column; its version stands in the next.</summary>
    public static Document DocumentAt(NpgsqlDataReader row, int column) =>
        new Document(row.GetFieldValue<byte[]>(column)).WithResourceVersion(row.GetInt64(column + 1));

    private static Change ChangeAt(NpgsqlDataReader row) => new(
        row.GetInt64(2),
        (ChangeType)row.GetInt16(3),
        new ResourceKey(row.GetString(4), row.GetString(5), row.GetString(6)),
        DocumentAt(row, 1),
        row.IsDBNull(7) ? null : DocumentAt(row, 7));

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
