using Kubeflow.Orleans.Store.Sqlite;
using Kubeflow.Orleans.Store.Tests.Compliance;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Sqlite;

public sealed class SqliteResourceStoreTests : ResourceStoreCompliance
{
    private readonly TemporaryDirectory directory = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_file_that_is_open_already_is_refused_by_name_and_opens_once_it_is_closed()
    {
        var refused = await Assert.ThrowsAsync<StoreInUseException>(() => OpenAsync());
        Assert.Contains(directory.Database, refused.Message, StringComparison.Ordinal);

        await ReopenAsync();
        await CreateAsync("a");
    }

    [Fact]
    public async Task A_file_of_a_newer_release_is_refused_and_left_alone()
    {
        await Store.DisposeAsync();
        await ExecuteAsync("INSERT INTO schema_version (version, applied) VALUES (9999, 'tomorrow')");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync());

        Assert.Contains("9999", refused.Message, StringComparison.Ordinal);
        await ExecuteAsync("DELETE FROM schema_version WHERE version = 9999");
        await using var opened = await OpenAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_unlocked()
    {
        await Store.DisposeAsync();
        await File.WriteAllTextAsync(directory.Database, new string('x', 4096), Cancellation);

        await Assert.ThrowsAsync<SqliteException>(() => OpenAsync());
        await Assert.ThrowsAsync<SqliteException>(() => OpenAsync());
    }

    [Fact]
    public async Task A_failed_transaction_answers_every_waiter_and_shows_nothing()
    {
        await CreateAsync("before");
        await ExecuteAsync("CREATE TRIGGER refuse BEFORE INSERT ON object WHEN NEW.name = 'bad' BEGIN SELECT RAISE(ABORT, 'refused'); END");

        await Assert.ThrowsAsync<SqliteException>(async () => await Store.WriteAsync(
            [new CreateOperation(Job("good"), Sample(Job("good"))), new CreateOperation(Job("bad"), Sample(Job("bad")))], Cancellation));

        Assert.Null(await Store.GetAsync(Job("good"), Cancellation));
        Assert.Single(await ReadWholeLogAsync());
        Assert.Equal(2, (await CreateAsync("after")).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_file_is_readable_by_its_owner_only()
    {
        await CreateAsync("a");

        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("File modes are a matter of Unix.");
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.Database));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.Database + "-wal"));
    }

    [Fact]
    public async Task A_finished_object_costs_well_under_8_KB_and_freed_pages_are_used_again()
    {
        const int Objects = 300;
        await WriteLivesAsync("first", Objects);
        await Store.TrimAsync(long.MaxValue, Cancellation);
        Assert.InRange(await ScalarAsync("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size") / Objects, 2000, 5000);

        var pages = await ScalarAsync("SELECT page_count FROM pragma_page_count");
        await WriteLivesAsync("second", Objects / 2);
        Assert.Equal(pages, await ScalarAsync("SELECT page_count FROM pragma_page_count"));
    }

    [Fact]
    public async Task Writing_after_the_store_is_closed_is_refused()
    {
        await Store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => CreateAsync("late"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.GetAsync(Job("late"), Cancellation));
    }

    protected override async Task<IResourceStore> OpenAsync(int queueCapacity = 10_000) => await SqliteResourceStore.OpenAsync(
        new SqliteStoreOptions { Path = directory.Database, QueueCapacity = queueCapacity }, TimeProvider.System, null, Cancellation);

    protected override async Task<IAsyncDisposable> BlockCommitsAsync()
    {
        var connection = await ConnectAsync();
        await using var begin = connection.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync(Cancellation);
        return connection;
    }

    /// <summary>Objects of 2 KB, each updated four times.</summary>
    private async Task WriteLivesAsync(string prefix, int count)
    {
        for (var index = 0; index < count; index++)
        {
            var name = $"{prefix}-{index}";
            var current = await CreateAsync(name, new string('0', 2000));
            for (var round = 1; round < 5; round++)
            {
                current = await UpdateAsync(name, current, new string((char)('0' + round), 2000));
            }
        }
    }

    private async Task<SqliteConnection> ConnectAsync()
    {
        var connection = new SqliteConnection($"Data Source={directory.Database};Pooling=False");
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private async Task ExecuteAsync(string sql) => await ScalarAsync(sql);

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own statements.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(Cancellation) is long value ? value : 0;
    }
}
