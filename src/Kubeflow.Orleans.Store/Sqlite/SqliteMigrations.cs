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
        var current = CurrentVersion(connection);
        var scripts = Scripts().ToList();
        if (current > scripts[^1].Version)
        {
            throw new InvalidOperationException(
                $"The store file '{connection.DataSource}' has schema version {current}; this release knows {scripts[^1].Version}. Use the newer release.");
        }

        foreach (var (version, sql) in scripts.Where(script => script.Version > current))
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            Run(connection, sql);
            Run(connection, "INSERT INTO schema_version (version, applied) VALUES (@version, @applied)", ("@version", version), ("@applied", timeProvider.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)));
            transaction.Commit();
        }
    }

    private static IEnumerable<(long Version, string Sql)> Scripts()
    {
        var assembly = typeof(SqliteMigrations).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return (long.Parse(name.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), reader.ReadToEnd());
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
