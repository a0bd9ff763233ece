using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Writing;
using Npgsql;
using NpgsqlTypes;

namespace Kubeflow.Orleans.Store.Postgres.Writing;

/// <summary>
/// A batch of writes as one transaction in one round trip. The order of its statements matters: the lock on the log first, so that what
/// follows sees every commit before it and no two writers wait for each other; then the writer's own row, which its resolver may close.
/// </summary>
internal static class WriteBatchStatements
{
    /// <summary>The number behind the three types of changes.</summary>
    private const short WakeOnly = 3;

    private const string LockLog = "SELECT 1 FROM log WHERE id = 1 FOR NO KEY UPDATE";

    private const string LockWriter = "SELECT 1 FROM writer WHERE id = $1 AND NOT closed FOR NO KEY UPDATE";

    /// <summary>
    /// Decides every operation on the version it finds, writes those that may be written and gives them the next positions. Answers with
    /// what was found, the position if there is a new one, and the document the caller does not have. A closed writer writes and answers nothing.
    /// </summary>
    private const string Write =
        """
        WITH asked AS (
            SELECT * FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                WITH ORDINALITY AS a(resource, ns, name, type, expected, doc, wake_shard, wake_changes, next_wake, notes_change, notes, ordinal)
        ), decided AS MATERIALIZED (
            SELECT a.*, o.rv AS found, a.expected IS NOT DISTINCT FROM o.rv AS met, l.head AS base
            FROM writer w JOIN log l ON l.id = 1 CROSS JOIN asked a LEFT JOIN object o ON o.resource = a.resource AND o.ns = a.ns AND o.name = a.name
            WHERE w.id = $1 AND NOT w.closed
        ), numbered AS MATERIALIZED (
            SELECT d.*, d.base + row_number() OVER (ORDER BY d.ordinal) AS rv FROM decided d WHERE d.met AND d.type < 3
        ), logged AS (
            INSERT INTO change (rv, type, resource, ns, name, prev_rv, doc)
            SELECT n.rv, n.type, n.resource, n.ns, n.name, n.found, coalesce(n.doc, (SELECT c.doc FROM change c WHERE c.rv = n.found)) FROM numbered n
        ), created AS (
            INSERT INTO object (resource, ns, name, rv, wake_shard, next_wake, notes)
            SELECT n.resource, n.ns, n.name, n.rv, n.wake_shard, n.next_wake, n.notes FROM numbered n WHERE n.type = 0
        ), updated AS (
            UPDATE object o SET
                rv = coalesce(n.rv, d.found),
                next_wake = CASE WHEN d.wake_changes THEN d.next_wake ELSE o.next_wake END,
                notes = CASE WHEN d.notes_change THEN d.notes ELSE o.notes END
            FROM decided d LEFT JOIN numbered n ON n.ordinal = d.ordinal
            WHERE o.resource = d.resource AND o.ns = d.ns AND o.name = d.name AND d.met AND d.type IN (1, 3)
        ), deleted AS (
            DELETE FROM object o USING numbered n WHERE o.resource = n.resource AND o.ns = n.ns AND o.name = n.name AND n.type = 2
        ), advanced AS (
            UPDATE log SET head = head + (SELECT count(*) FROM numbered) WHERE id = 1 AND EXISTS (SELECT FROM numbered)
        ), receipt AS (
            UPDATE writer SET batch = $2, base = d.base, head = d.base + (SELECT count(*) FROM numbered), used = now()
            FROM (SELECT base FROM decided LIMIT 1) d WHERE id = $1
        )
        SELECT d.found, n.rv, CASE WHEN n.rv IS NULL OR d.doc IS NULL THEN (SELECT c.doc FROM change c WHERE c.rv = d.found) END
        FROM decided d LEFT JOIN numbered n ON n.ordinal = d.ordinal ORDER BY d.ordinal
        """;

    /// <summary>Where the log ends after this transaction; tells the others when it moved.</summary>
    private const string Notify = "SELECT head, CASE WHEN head > base THEN pg_notify($2, '') END FROM writer WHERE id = $1";

    public static NpgsqlBatch Create(NpgsqlConnection connection, string channel, long writer, long batch, IReadOnlyList<PendingWrite> writes) => new(connection)
    {
        BatchCommands =
        {
            new NpgsqlBatchCommand(LockLog),
            PostgresStatement.BatchStatement(LockWriter, writer),
            WriteStatement(writer, batch, [.. writes.Select(write => write.Operation)]),
            PostgresStatement.BatchStatement(Notify, writer, channel),
        },
    };

    private static NpgsqlBatchCommand WriteStatement(long writer, long batch, IReadOnlyList<WriteOperation> operations)
    {
        var command = PostgresStatement.BatchStatement(Write, writer, batch);
        AddColumn(NpgsqlDbType.Text, operation => operation.Key.Resource);
        AddColumn(NpgsqlDbType.Text, operation => operation.Key.Namespace);
        AddColumn(NpgsqlDbType.Text, operation => operation.Key.Name);
        AddColumn(NpgsqlDbType.Smallint, TypeOf);
        AddColumn(NpgsqlDbType.Bigint, WriteDecision.ExpectedVersion);
        AddColumn(NpgsqlDbType.Bytea, operation => WriteDecision.DocumentOf(operation) is { } document ? StoredBytes.Of(document.Utf8) : null);
        AddColumn(NpgsqlDbType.Smallint, operation => operation is CreateOperation create ? (short)StableHash.Shard(create.Document.Metadata.Uid) : default);
        AddColumn(NpgsqlDbType.Boolean, operation => operation.Wake.Changes);
        AddColumn(NpgsqlDbType.Bigint, operation => operation.Wake.Time?.UtcTicks);
        AddColumn(NpgsqlDbType.Boolean, operation => operation.Notes is not null);
        AddColumn(NpgsqlDbType.Bytea, StoredBytes.OfNotes);
        return command;

        void AddColumn<T>(NpgsqlDbType type, Func<WriteOperation, T> value) =>
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = operations.Select(value).ToArray() });
    }

    private static short TypeOf(WriteOperation operation) => operation switch
    {
        CreateOperation => (short)ChangeType.Added,
        UpdateOperation => (short)ChangeType.Modified,
        DeleteOperation => (short)ChangeType.Deleted,
        WakeOperation => WakeOnly,
        _ => throw new ArgumentException($"The store knows no {operation.GetType().Name}."),
    };
}
