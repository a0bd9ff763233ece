using Kubeflow.Orleans.Store.Postgres;
using Kubeflow.Orleans.Store.Sqlite;

namespace Kubeflow.Orleans.Store.Crasher;

/// <summary>Which store to open: a SQLite file by its path, or a PostgreSQL database by the environment, because command lines can be read by anybody.</summary>
public static class StoreTarget
{
    public const string Postgres = "postgres";

    /// <summary>Names the variable that holds the connection string.</summary>
    public const string Connection = "KFO_STORE_CONNECTION";

    /// <summary>Names the variable that holds the schema, if it is not the usual one.</summary>
    public const string Schema = "KFO_STORE_SCHEMA";

    internal static async Task<IResourceStore> OpenAsync(string target) => target == Postgres
        ? await PostgresResourceStore.OpenAsync(Described(), TimeProvider.System, null, CancellationToken.None)
        : await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = target }, TimeProvider.System, null, CancellationToken.None);

    private static PostgresStoreOptions Described()
    {
        var connection = Environment.GetEnvironmentVariable(Connection) ?? throw new InvalidOperationException($"{Connection} is not set.");
        var options = new PostgresStoreOptions { ConnectionString = connection };
        return Environment.GetEnvironmentVariable(Schema) is { } schema ? options with { Schema = schema } : options;
    }
}
