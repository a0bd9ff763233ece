using Kubeflow.Orleans.Store.Postgres;
using Kubeflow.Orleans.Store.Tests.Compliance;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(Kubeflow.Orleans.Store.Tests.Postgres.PostgresServer))]

namespace Kubeflow.Orleans.Store.Tests.Postgres;

public sealed class PostgresResourceStoreTests(PostgresServer server) : ResourceStoreCompliance
{
    private PostgresStoreOptions? options;

    public override async ValueTask DisposeAsync()
    {
        if (Store is not null)
        {
            await base.DisposeAsync();
        }
    }

    [Fact]
    public async Task Many_that_open_a_new_schema_at_once_find_one_store()
    {
        var fresh = await server.NewStoreAsync();
        var stores = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresResourceStore.OpenAsync(fresh, TimeProvider.System, null, Cancellation)));

        await stores[0].WriteAsync([new CreateOperation(Job("a"), Sample(Job("a")))], Cancellation);

        foreach (var store in stores)
        {
            Assert.NotNull(await store.GetAsync(Job("a"), Cancellation));
            await store.DisposeAsync();
        }

        Assert.Equal(0, await server.ScalarAsync(fresh.Schema, "SELECT count(*) FROM writer"));
    }

    [Fact]
    public async Task A_schema_of_a_newer_release_is_refused_and_left_alone()
    {
        await server.ScalarAsync(options!.Schema, "INSERT INTO schema_version (version) VALUES (9999)");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync());

        Assert.Contains("9999", refused.Message, StringComparison.Ordinal);
        await server.ScalarAsync(options.Schema, "DELETE FROM schema_version WHERE version = 9999");
        await using var opened = await OpenAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("a; DROP TABLE change")]
    public async Task A_schema_name_that_is_none_is_refused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => PostgresResourceStore.OpenAsync(options! with { Schema = name }, TimeProvider.System, null, Cancellation));

    [Fact]
    public async Task An_operation_the_database_refuses_fails_alone()
    {
        await server.ScalarAsync(options!.Schema, "ALTER TABLE object ADD CONSTRAINT refuse CHECK (name <> 'bad')");
        string[] names = ["one", "bad", "two", "nul\0", "three", "half\ud800"];

        Task<WriteResult>[] writes;
        await using (await BlockCommitsAsync())
        {
            writes = [.. names.Select(name => WriteAsync(new CreateOperation(Job(name), Sample(Job("a")))))];
        }

        await Assert.ThrowsAsync<PostgresException>(() => writes[1]);
        await Assert.ThrowsAsync<PostgresException>(() => writes[3]);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => writes[5]);
        Assert.Equal([1, 2, 3], (await ReadWholeLogAsync()).Select(change => change.Position));
        Assert.All([writes[0], writes[2], writes[4]], write => Assert.IsType<Committed>(write.Result));
    }

    [Fact]
    public async Task Commits_wait_for_the_disk_whatever_the_servers_default_is()
    {
        await server.ScalarAsync(options!.Schema, $"CREATE ROLE {options.Schema} LOGIN SUPERUSER PASSWORD 'x'");
        await server.ScalarAsync(options.Schema, $"ALTER ROLE {options.Schema} SET synchronous_commit = off");
        var careless = new NpgsqlConnectionStringBuilder(options.ConnectionString) { Username = options.Schema, Password = "x" };

        await using var store = await PostgresResourceStore.OpenAsync(options with { ConnectionString = careless.ConnectionString }, TimeProvider.System, null, Cancellation);
        Assert.IsType<Committed>(Assert.Single(await store.WriteAsync([new CreateOperation(Job("a"), Sample(Job("a")))], Cancellation)));

        // The last word is the server's: a connection that is told otherwise later is not used for writing.
        careless.Options = "-c synchronous_commit=off";
        await using var other = await PostgresResourceStore.OpenAsync(options with { ConnectionString = careless.ConnectionString }, TimeProvider.System, null, Cancellation);
        Assert.IsType<Committed>(Assert.Single(await other.WriteAsync([new CreateOperation(Job("b"), Sample(Job("b")))], Cancellation)));
    }

    [Fact]
    public async Task A_call_larger_than_a_transaction_is_written_whole()
    {
        var keys = Enumerable.Range(0, 1300).Select(index => Job($"job-{index:0000}")).ToList();

        var results = await Store.WriteAsync([.. keys.Select(key => new CreateOperation(key, Sample(key)))], Cancellation);

        Assert.Equal(Enumerable.Range(1, 1300).Select(position => (long)position), results.Select(result => Assert.IsType<Committed>(result).Document.Metadata.ResourceVersion));
    }

    [Fact]
    public async Task Writing_after_the_store_is_closed_is_refused()
    {
        await Store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => CreateAsync("late"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.GetAsync(Job("late"), Cancellation));
    }

    protected override async Task<IResourceStore> OpenAsync(int queueCapacity = 10_000)
    {
        options ??= await server.NewStoreAsync();
        return await PostgresResourceStore.OpenAsync(options with { QueueCapacity = queueCapacity }, TimeProvider.System, null, Cancellation);
    }

    protected override async Task<IAsyncDisposable> BlockCommitsAsync()
    {
        var connection = await server.ConnectAsync(options!.Schema);
        await using var block = new NpgsqlCommand("BEGIN; SELECT FROM log FOR UPDATE", connection);
        await block.ExecuteNonQueryAsync(Cancellation);
        return connection;
    }
}
