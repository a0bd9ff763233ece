using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Kubeflow.Orleans.Store.Sqlite;

/// <summary>Brings a database file up to this release: the numbered scripts not applied yet, in order, each in a transaction of its own.</summary>
internal static class SqliteMigrations
{
    private const string Prefix = "Sqlite.Migrations.";

    /// <exception cref="InvalidOperationException">The file was written by a newer release.</exception>
    public static void Apply(SqliteConnection connection, TimeProvider timeProvider)
    {
        Run(connection, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL)");
        foreach (var (version, sql) in MigrationScripts.Above(CurrentVersion(connection), Prefix, connection.DataSource))
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            Run(connection, sql);
            Run(connection, "INSERT INTO schema_version (version, applied) VALUES (@version, @applied)", ("@version", version), ("@applied", timeProvider.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)));
            transaction.Commit();
        }
    }

    private static long CurrentVersion(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT coalesce(max(version), 0) FROM schema_version";
        return (long)command.ExecuteScalar()!;
    }

    private static void Run(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants and embedded scripts only.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }
}
