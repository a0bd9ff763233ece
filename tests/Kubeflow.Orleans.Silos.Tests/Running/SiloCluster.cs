using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Store.Tests.Postgres;
using Npgsql;

namespace Kubeflow.Orleans.Silos.Tests.Running;

/// <summary>Silos that share a fresh database and drive the same cluster.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly PostgresServer postgres;
    private readonly string databaseName;
    private readonly string connectionString;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-silos-");

    private SiloCluster(PostgresServer postgres, string databaseName, string connectionString, string kubeconfig, int silos)
    {
        this.postgres = postgres;
        this.databaseName = databaseName;
        this.connectionString = connectionString;
        Silos = [.. Enumerable.Range(1, silos).Select(number => new SiloProcess(Path.Combine(folder.FullName, $"silo{number}"), connectionString, kubeconfig))];
    }

    public IReadOnlyList<SiloProcess> Silos { get; }

    public string ConnectionString => connectionString;

    /// <summary>All at once on an empty database: who makes the tables, the authority and the token is decided there.</summary>
    public static async Task<SiloCluster> StartAsync(PostgresServer postgres, TargetCluster cluster, int silos = 3)
    {
        var made = await CreateAsync(postgres, cluster, silos);
        await Task.WhenAll(made.Silos.Select(silo => silo.StartAsync()));
        return made;
    }

    /// <summary>As <see cref="StartAsync"/>, but nobody is started.</summary>
    public static async Task<SiloCluster> CreateAsync(PostgresServer postgres, TargetCluster cluster, int silos)
    {
        var server = await postgres.ConnectionStringAsync();
        var name = $"kfo_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new SiloCluster(postgres, name, new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString, cluster.Kubeconfig, silos);
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = "kubeflow_orleans", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // The tests' own statements.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using var row = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await row.ReadAsync())
        {
            values.Add(row.GetFieldValue<T>(0));
        }

        return values;
    }

    /// <summary>How many silos the membership counts as active.</summary>
    public async Task<int> ActiveAsync() => (int)(await QueryAsync<long>("SELECT count(*) FROM orleansmembershiptable WHERE status = 3"))[0];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Silos.Select(silo => silo.DisposeAsync().AsTask()));
        await ExecuteAsync(await postgres.ConnectionStringAsync(), $"DROP DATABASE {databaseName} WITH (FORCE)");
        folder.Delete(recursive: true);
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // The name is made here.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
