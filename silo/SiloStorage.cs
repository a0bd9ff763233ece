using Kubeflow.Orleans.Silo.Membership;
using Kubeflow.Orleans.Silo.Security;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Postgres;
using Kubeflow.Orleans.Store.Sqlite;
using Npgsql;

namespace Kubeflow.Orleans.Silo;

/// <summary>Where a silo keeps what it must not lose: everything in its home folder, or, beside its own certificate, in the database it shares.</summary>
/// <param name="Opening">On a file still going on: opening works through it while the rest is put together.</param>
/// <param name="Credentials">What clients and silos trust.</param>
/// <param name="Identity">What tells this control plane from others.</param>
/// <param name="Members">Connections for the membership of silos; null: the silo is alone.</param>
internal sealed record SiloStorage(Task<IResourceStore> Opening, ISecretStore Credentials, ISecretStore Identity, NpgsqlDataSource? Members)
{
    private const int MembershipConnections = 4;

    /// <exception cref="IOException">The database cannot be used.</exception>
    public static Task<SiloStorage> OpenAsync(SiloSettings settings, ISecretStore own, TimeProvider clock, CancellationToken cancellationToken) => settings.Membership is { } membership
        ? InDatabaseAsync(membership.Database, clock, cancellationToken)
        : Task.FromResult(OnFile(settings.DataDirectory, own, clock, cancellationToken));

    private static SiloStorage OnFile(string folder, ISecretStore own, TimeProvider clock, CancellationToken cancellationToken)
    {
        PrivateFiles.CreateDirectory(folder);
        var options = new SqliteStoreOptions { Path = Path.Combine(folder, "store.db") };
        var opening = Task.Run(async () => (IResourceStore)await SqliteResourceStore.OpenAsync(options, clock, null, cancellationToken), cancellationToken);
        return new SiloStorage(opening, own, new SecretFolder(folder), null);
    }

    private static async Task<SiloStorage> InDatabaseAsync(DatabaseSettings database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var options = new PostgresStoreOptions { ConnectionString = database.ConnectionString };
        try
        {
            var store = await PostgresResourceStore.OpenAsync(options, clock, null, cancellationToken);
            return new SiloStorage(Task.FromResult<IResourceStore>(store), store.Secrets, store.Secrets, options.CreateDataSource(MembershipConnections));
        }
        catch (Exception problem) when (problem is NpgsqlException or StoreUnavailableException or ArgumentException or InvalidOperationException)
        {
            throw new IOException($"The database {database} cannot be used: {problem.Message}", problem);
        }
    }
}
