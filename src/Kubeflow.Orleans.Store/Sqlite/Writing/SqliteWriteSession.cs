using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Sqlite.Writing;

/// <summary>
/// The writer's connection: one transaction after the other, each seeing what was done before in it. Positions are given out here and
/// nowhere else. Belongs to the writer's thread.
/// </summary>
internal sealed class SqliteWriteSession : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly List<SqliteStatement> statements = [];
    private readonly List<Change> changes = [];
    private readonly SqliteStatement begin;
    private readonly SqliteStatement commit;
    private readonly SqliteStatement saveState;
    private readonly SqliteStatement find;
    private readonly SqliteStatement appendChange;
    private readonly SqliteStatement insertObject;
    private readonly SqliteStatement updateObject;
    private readonly SqliteStatement deleteObject;
    private readonly SqliteStatement deleteReplaced;
    private readonly SqliteStatement deleteTombstones;
    private LogState committed;
    private LogState state;
    private long head;

    public SqliteWriteSession(SqliteConnection connection)
    {
        this.connection = connection;
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        saveState = Prepare("UPDATE log SET head = @head, floor = @floor, trimmed = @trimmed", "@head", "@floor", "@trimmed");
        find = Prepare(
            "SELECT o.rv, c.doc FROM object o JOIN change c ON c.rv = o.rv WHERE o.resource = @resource AND o.ns = @ns AND o.name = @name",
            "@resource",
            "@ns",
            "@name");
        appendChange = Prepare(
            "INSERT INTO change (rv, type, resource, ns, name, prev_rv, doc) VALUES (@rv, @type, @resource, @ns, @name, @prev_rv, @doc)",
            "@rv",
            "@type",
            "@resource",
            "@ns",
            "@name",
            "@prev_rv",
            "@doc");
        insertObject = Prepare(
            "INSERT INTO object (resource, ns, name, rv, wake_shard, next_wake, notes) VALUES (@resource, @ns, @name, @rv, @wake_shard, @next_wake, @notes)",
            "@resource",
            "@ns",
            "@name",
            "@rv",
            "@wake_shard",
            "@next_wake",
            "@notes");
        updateObject = Prepare(
            """
            UPDATE object SET rv = @rv, next_wake = iif(@wake_changes, @next_wake, next_wake), notes = iif(@notes_change, @notes, notes)
            WHERE resource = @resource AND ns = @ns AND name = @name
            """,
            "@resource",
            "@ns",
            "@name",
            "@rv",
            "@wake_changes",
            "@next_wake",
            "@notes_change",
            "@notes");
        deleteObject = Prepare("DELETE FROM object WHERE resource = @resource AND ns = @ns AND name = @name", "@resource", "@ns", "@name");
        deleteReplaced = Prepare(
            "DELETE FROM change WHERE rv IN (SELECT prev_rv FROM change WHERE rv > @from AND rv <= @to AND prev_rv IS NOT NULL)",
            "@from",
            "@to");
        deleteTombstones = Prepare("DELETE FROM change WHERE rv > @from AND rv <= @to AND type = @deleted", "@from", "@to", "@deleted");
        committed = state = ReadState();
        head = state.Head;
    }

    public LogState Committed => committed;

    public void Begin()
    {
        changes.Clear();
        state = committed;
        head = committed.Head;
        begin.Execute();
    }

    /// <summary>Makes the transaction durable and tells what it changed.</summary>
    public IReadOnlyList<Change> Commit()
    {
        state = state with { Head = head };
        if (state != committed)
        {
            saveState.Execute(state.Head, state.Floor, state.Trimmed);
        }

        commit.Execute();
        committed = state;
        return [.. changes];
    }

    /// <summary>Undoes the transaction, unless SQLite has done so already (it does on a full disk).</summary>
    public void Rollback()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
        {
            using var rollback = connection.CreateCommand();
            rollback.CommandText = "ROLLBACK";
            rollback.ExecuteNonQuery();
        }
    }

    public CurrentVersion? Find(ResourceKey key)
    {
        using var row = find.Query(key.Resource, key.Namespace, key.Name);
        return row.Read() ? new CurrentVersion(row.GetInt64(0), new Document(row.GetFieldValue<byte[]>(1))) : null;
    }

    public Document Create(CreateOperation operation)
    {
        var (resource, ns, name) = operation.Key;
        var stored = Append(ChangeType.Added, operation.Key, operation.Document, replaced: null);
        insertObject.Execute(resource, ns, name, head, StableHash.Shard(stored.Metadata.Uid), Ticks(operation.Wake), StoredBytes.OfNotes(operation));
        return stored;
    }

    public Document Update(UpdateOperation operation, CurrentVersion current)
    {
        var stored = Append(ChangeType.Modified, operation.Key, operation.Document, current);
        Point(operation, head);
        return stored;
    }

    public Document Delete(DeleteOperation operation, CurrentVersion current)
    {
        var (resource, ns, name) = operation.Key;
        deleteObject.Execute(resource, ns, name);
        return Append(ChangeType.Deleted, operation.Key, operation.Last ?? current.Document, current);
    }

    public Document SetWake(WakeOperation operation, CurrentVersion current)
    {
        Point(operation, current.Version);
        return current.Document;
    }

    public void RaiseFloor(long position) => state = state with { Floor = Math.Max(state.Floor, Math.Min(position, head)) };

    /// <summary>
    /// Deletes the rows nobody can ask for any more among the next positions up to the floor: versions replaced there, and
    /// tombstones. What a change above the floor replaced stays, because it is that change's previous version.
    /// </summary>
    public LogState DeleteForgotten(int positions)
    {
        var to = Math.Min(state.Floor, state.Trimmed + positions);
        if (to > state.Trimmed)
        {
            deleteReplaced.Execute(state.Trimmed, to);
            deleteTombstones.Execute(state.Trimmed, to, (int)ChangeType.Deleted);
            state = state with { Trimmed = to };
        }

        return state;
    }

    public void Dispose()
    {
        statements.ForEach(statement => statement.Dispose());
        connection.Dispose();
    }

    private Document Append(ChangeType type, ResourceKey key, Document document, CurrentVersion? replaced)
    {
        head++;
        var stored = document.WithResourceVersion(head);
        appendChange.Execute(head, (int)type, key.Resource, key.Namespace, key.Name, replaced?.Version, StoredBytes.Of(stored.Utf8));
        changes.Add(new Change(head, type, key, stored, replaced?.Document));
        return stored;
    }

    private void Point(WriteOperation operation, long version)
    {
        var (resource, ns, name) = operation.Key;
        updateObject.Execute(resource, ns, name, version, operation.Wake.Changes, Ticks(operation.Wake), operation.Notes is not null, StoredBytes.OfNotes(operation));
    }

    private static object? Ticks(Wake wake) => wake.Time?.UtcTicks;

    private SqliteStatement Prepare(string sql, params ReadOnlySpan<string> parameters)
    {
        var statement = new SqliteStatement(connection, sql, parameters);
        statements.Add(statement);
        return statement;
    }

    private LogState ReadState()
    {
        using var statement = new SqliteStatement(connection, "SELECT head, floor, trimmed FROM log");
        using var row = statement.Query();
        row.Read();
        return new LogState(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }
}
