using Kubeflow.Orleans.Core.Resources;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Sqlite.Reading;

/// <summary>One read-only connection with its prepared statements. Used by one caller at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly SqliteStatement begin;
    private readonly SqliteStatement end;
    private readonly SqliteStatement reach;
    private readonly SqliteStatement get;
    private readonly SqliteStatement readLog;
    private readonly SqliteStatement readDue;
    private readonly SqliteListing listing;

    public SqliteReader(SqliteConnection connection)
    {
        this.connection = connection;
        begin = new SqliteStatement(connection, "BEGIN");
        end = new SqliteStatement(connection, "COMMIT");
        reach = new SqliteStatement(connection, "SELECT head, floor FROM log");
        get = new SqliteStatement(
            connection,
            "SELECT c.doc, o.next_wake, o.notes FROM object o JOIN change c ON c.rv = o.rv WHERE o.resource = @resource AND o.ns = @ns AND o.name = @name",
            "@resource",
            "@ns",
            "@name");
        readLog = new SqliteStatement(
            connection,
            """
            SELECT c.rv, c.type, c.resource, c.ns, c.name, c.doc, p.doc
            FROM change c LEFT JOIN change p ON p.rv = c.prev_rv
            WHERE c.rv > @after ORDER BY c.rv LIMIT @limit
            """,
            "@after",
            "@limit");
        readDue = new SqliteStatement(
            connection,
            """
            SELECT resource, ns, name, next_wake FROM object INDEXED BY object_due
            WHERE next_wake IS NOT NULL AND next_wake <= @now AND wake_shard >= @from AND wake_shard < @to
            ORDER BY next_wake LIMIT @limit
            """,
            "@now",
            "@from",
            "@to",
            "@limit");
        listing = new SqliteListing(connection);
    }

    public StoredObject? Get(ResourceKey key)
    {
        using var row = get.Query(key.Resource, key.Namespace, key.Name);
        return row.Read()
            ? new StoredObject(
                new Document(row.GetFieldValue<byte[]>(0)),
                row.IsDBNull(1) ? null : Time(row.GetInt64(1)),
                row.IsDBNull(2) ? default : row.GetFieldValue<byte[]>(2))
            : null;
    }

    /// <exception cref="PositionExpiredException">The position asked for is below the floor.</exception>
    public ListPage List(ListQuery query, CancellationToken cancellationToken) => InOneSnapshot((head, floor) =>
    {
        var position = Math.Min(query.At ?? head, head);
        return position < floor ? throw new PositionExpiredException(position, floor) : listing.Read(query, position, cancellationToken);
    });

    /// <exception cref="PositionExpiredException"><paramref name="after"/> is below the floor.</exception>
    public IReadOnlyList<Change> ReadLog(long after, int limit) => InOneSnapshot((_, floor) =>
    {
        if (after < floor)
        {
            throw new PositionExpiredException(after, floor);
        }

        var changes = new List<Change>();
        using var row = readLog.Query(after, limit);
        while (row.Read())
        {
            changes.Add(new Change(
                row.GetInt64(0),
                (ChangeType)row.GetInt32(1),
                new ResourceKey(row.GetString(2), row.GetString(3), row.GetString(4)),
                new Document(row.GetFieldValue<byte[]>(5)),
                row.IsDBNull(6) ? null : new Document(row.GetFieldValue<byte[]>(6))));
        }

        return changes;
    });

    public IReadOnlyList<DueObject> ReadDue(DateTimeOffset now, ShardRange shards, int limit)
    {
        var due = new List<DueObject>();
        using var row = readDue.Query(now.UtcTicks, shards.From, shards.To, limit);
        while (row.Read())
        {
            due.Add(new DueObject(new ResourceKey(row.GetString(0), row.GetString(1), row.GetString(2)), Time(row.GetInt64(3))));
        }

        return due;
    }

    public void Dispose()
    {
        listing.Dispose();
        readDue.Dispose();
        readLog.Dispose();
        get.Dispose();
        reach.Dispose();
        end.Dispose();
        begin.Dispose();
        connection.Dispose();
    }

    /// <summary>Head, floor and rows must be of the same moment: a trim in between would let rows be missing without a word.</summary>
    private TResult InOneSnapshot<TResult>(Func<long, long, TResult> read)
    {
        begin.Execute();
        try
        {
            var (head, floor) = ReadReach();
            return read(head, floor);
        }
        finally
        {
            end.Execute();
        }
    }

    private (long Head, long Floor) ReadReach()
    {
        using var row = reach.Query();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
