using Kubeflow.Orleans.Core;
using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

/// <summary>
/// Brings the schema up to this release: the numbered scripts not applied yet, all in one transaction, under a lock, because many
/// processes start at once.
/// </summary>
internal static class PostgresMigrations
{
    private const string Prefix = "Postgres.Migrations.";

    /// <summary>Any number that is nobody else's; the schema's is added.</summary>
    private const long LockNumber = 0x4b464f << 32;

    /// <exception cref="InvalidOperationException">The schema was made by a newer release.</exception>
    /// <returns>The schema's version.</returns>
    public static async Task<long> ApplyAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, "SELECT pg_advisory_xact_lock($1)", cancellationToken, LockNumber + StableHash.Of(schema));
        if (!await HasSchemaAsync(connection, schema, cancellationToken))
        {
            await RunAsync(connection, $"CREATE SCHEMA {schema}", cancellationToken);
        }

        await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())", cancellationToken);
        var current = await CurrentVersionAsync(connection, cancellationToken);
        foreach (var (version, sql) in MigrationScripts.Above(current, Prefix, $"{connection.Database}.{schema}"))
        {
            await RunAsync(connection, sql, cancellationToken);
            await RunAsync(connection, "INSERT INTO schema_version (version) VALUES ($1)", cancellationToken, version);
            current = version;
        }

        await transaction.CommitAsync(cancellationToken);
        return current;
    }

    /// <summary>Asked first: even CREATE SCHEMA IF NOT EXISTS demands a right that users of a prepared schema need not have.</summary>
    private static async Task<bool> HasSchemaAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement("SELECT to_regnamespace($1) IS NOT NULL", schema);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<long> CurrentVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement("SELECT coalesce(max(version), 0) FROM schema_version");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = connection.Statement(sql, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
