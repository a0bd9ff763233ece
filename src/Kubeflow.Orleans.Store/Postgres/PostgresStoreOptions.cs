using Npgsql;

namespace Kubeflow.Orleans.Store.Postgres;

public sealed record PostgresStoreOptions
{
    /// <summary>Where the database is and who we are there. Holds a password: never log it.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The tables' schema; made when missing. Stores of one schema, in whatever process, are one store.</summary>
    public string Schema { get; init; } = "kubeflow_orleans";

    /// <summary>How many calls may wait for the writer; beyond that <see cref="StoreBusyException"/>.</summary>
    public int QueueCapacity { get; init; } = 10_000;

    /// <summary>How long calls wait for a database that does not answer; then <see cref="StoreUnavailableException"/>.</summary>
    public TimeSpan OutageLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections beside the store's own, for other tables of the schema.</summary>
    public NpgsqlDataSource CreateDataSource(int poolSize) => PostgresDatabase.Source(this, "", poolSize);
}
