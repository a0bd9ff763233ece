using System.Collections.Concurrent;
using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Postgres;
using Npgsql;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Postgres;

/// <summary>The connection breaks, at every point; no write is reported wrong and none happens twice.</summary>
public sealed class LostConnectionTests(PostgresServer server) : IAsyncLifetime
{
    private CuttableProxy proxy = null!;
    private PostgresStoreOptions options = null!;
    private PostgresResourceStore store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        options = await server.NewStoreAsync();
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString) { ApplicationName = options.Schema };
        proxy = new CuttableProxy(connection.Port);
        connection.Port = proxy.Port;
        options = options with { ConnectionString = connection.ConnectionString };
        store = await PostgresResourceStore.OpenAsync(options, TimeProvider.System, null, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (store is not null)
        {
            await store.DisposeAsync();
            await proxy.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_request_that_is_cut_anywhere_is_written_once()
    {
        // The first request carries the statements' texts as well: begin with a prepared connection.
        await CreateAsync("warm-0");
        for (var bytes = 0; bytes < 1200; bytes += 61)
        {
            await CreateThroughCutAsync(name => new Cut(name, bytes, ReplyBytes: int.MaxValue));
        }

        await AssertEachOnceAsync();
    }

    [Fact]
    public async Task A_reply_that_is_cut_anywhere_is_known_all_the_same()
    {
        for (var bytes = 0; bytes < 500; bytes += 23)
        {
            await CreateThroughCutAsync(name => new Cut(name, RequestBytes: null, bytes));
        }

        await AssertEachOnceAsync();
    }

    [Fact]
    public async Task Every_kind_of_write_is_answered_right_when_its_reply_is_lost()
    {
        var created = await CreateAsync("a");
        var updated = await ThroughCutAsync(new UpdateOperation(Job("a"), VersionOf(created), Sample(Job("a"))));
        await ThroughCutAsync(new WakeOperation(Job("a"), VersionOf(updated)) { Wake = Wake.At(DateTimeOffset.UnixEpoch) });
        Assert.Equal(DateTimeOffset.UnixEpoch, (await store.GetAsync(Job("a"), Cancellation))!.NextWake);
        Assert.IsType<Conflict>(await WriteThroughCutAsync(new UpdateOperation(Job("a"), VersionOf(created), Sample(Job("a")))));
        Assert.IsType<Exists>(await WriteThroughCutAsync(new CreateOperation(Job("a"), Sample(Job("a")))));
        var deleted = await ThroughCutAsync(new DeleteOperation(Job("a"), VersionOf(updated)));
        Assert.Equal("a", deleted.Metadata.Name);
        Assert.IsType<NotFound>(await WriteThroughCutAsync(new DeleteOperation(Job("a"), VersionOf(updated))));

        Assert.Equal([ChangeType.Added, ChangeType.Modified, ChangeType.Deleted], (await ReadWholeLogAsync()).Select(change => change.Type));
        Assert.Equal([1, 2, 3], new[] { created, updated, deleted }.Select(VersionOf));
    }

    [Fact]
    public async Task A_request_that_arrives_long_after_its_client_gave_it_up_writes_nothing()
    {
        await CreateAsync("warm-0");
        await CreateAsync("warm-1");
        proxy.Arm(new Cut("late", RequestBytes: 0, ReplyBytes: 0, Late: true));

        var written = await CreateAsync("late");
        await CreateAsync("after");
        await proxy.DeliverLateAsync();
        await CreateAsync("last");

        Assert.Equal(written.ToString(), (await store.GetAsync(Job("late"), Cancellation))!.Document.ToString());
        Assert.Equal([1, 2, 3, 4, 5], (await ReadWholeLogAsync()).Select(change => change.Position));
        await AssertEachOnceAsync();
    }

    [Fact]
    public async Task A_request_that_waits_for_the_lock_while_its_client_gives_it_up_writes_nothing()
    {
        await CreateAsync("warm-0");
        await using var blocker = await server.ConnectAsync(options.Schema);
        await using (var block = new NpgsqlCommand("BEGIN; SELECT FROM log FOR UPDATE", blocker))
        {
            await block.ExecuteNonQueryAsync(Cancellation);
        }

        proxy.Arm(new Cut("abandoned", RequestBytes: null, ReplyBytes: 0, Late: true));
        var writing = CreateAsync("abandoned");
        await proxy.WaitUntilHeldAsync();
        await WaitForSessionsAtTheLockAsync(2);
        await using (var release = new NpgsqlCommand("ROLLBACK", blocker))
        {
            await release.ExecuteNonQueryAsync(Cancellation);
        }

        await writing;
        await proxy.DeliverLateAsync();
        Assert.Equal([1, 2], (await ReadWholeLogAsync()).Select(change => change.Position));
    }

    [Fact]
    public async Task Backends_that_are_terminated_over_and_over_lose_and_double_nothing()
    {
        var acknowledged = new ConcurrentDictionary<long, string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(() => CreateUntilStoppedAsync(writer, acknowledged, stop.Token))).ToList();
        for (var round = 0; round < 15; round++)
        {
            var before = acknowledged.Count;
            await server.ScalarAsync(options.Schema, $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{options.Schema}'");
            while (acknowledged.Count < before + 20)
            {
                await store.WaitForChangeAsync(acknowledged.Keys.DefaultIfEmpty().Max(), Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        var log = await ReadWholeLogAsync();
        Assert.Equal(Enumerable.Range(1, log.Count).Select(position => (long)position), log.Select(change => change.Position));
        Assert.Equal(acknowledged.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key} {entry.Value}"), log.Select(change => $"{change.Position} {change.Key.Name}"));
    }

    [Fact]
    public async Task A_database_that_stays_away_fails_the_write_after_the_limit()
    {
        await store.DisposeAsync();
        store = await PostgresResourceStore.OpenAsync(options with { OutageLimit = TimeSpan.FromMilliseconds(300) }, TimeProvider.System, null, Cancellation);
        await CreateAsync("before");
        await proxy.BreakDownAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => CreateAsync("during"));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GetAsync(Job("before"), Cancellation));
    }

    private static ResourceKey Job(string name) => new("tfjobs.kubeflow.org", "team-a", name);

    private static Document Sample(ResourceKey key) => new(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"{{{key.Name}}}","uid":"{{{key}}}"},"spec":{}}"""));

    private static long VersionOf(Document document) => document.Metadata.ResourceVersion;

    private async Task CreateThroughCutAsync(Func<string, Cut> cut)
    {
        var name = $"cut-{VersionOf(await CreateAsync($"warm-{Guid.CreateVersion7()}"))}";
        proxy.Arm(cut(name));
        await CreateAsync(name);
        Assert.True(proxy.HasCut);
    }

    private async Task<WriteResult> WriteThroughCutAsync(WriteOperation operation)
    {
        proxy.Arm(new Cut(operation.Key.Namespace, RequestBytes: null, ReplyBytes: 0));
        var results = await store.WriteAsync([operation], Cancellation);
        Assert.True(proxy.HasCut);
        return Assert.Single(results);
    }

    private async Task<Document> ThroughCutAsync(WriteOperation operation) => Assert.IsType<Committed>(await WriteThroughCutAsync(operation)).Document;

    private async Task<Document> CreateAsync(string name)
    {
        var key = Job(name);
        return Assert.IsType<Committed>(Assert.Single(await store.WriteAsync([new CreateOperation(key, Sample(key))], Cancellation))).Document;
    }

    private async Task CreateUntilStoppedAsync(int writer, ConcurrentDictionary<long, string> acknowledged, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var name = $"job-{writer}-{number}";
            Assert.True(acknowledged.TryAdd(VersionOf(await CreateAsync(name)), name));
        }
    }

    private async Task WaitForSessionsAtTheLockAsync(int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await server.ScalarAsync(options.Schema, $"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = '{options.Schema}'") < count)
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private async Task AssertEachOnceAsync()
    {
        var log = await ReadWholeLogAsync();
        Assert.Equal(Enumerable.Range(1, log.Count).Select(position => (long)position), log.Select(change => change.Position));
        Assert.Equal(log.Count, log.Select(change => change.Key).Distinct().Count());
        Assert.All(log, change => Assert.Equal(ChangeType.Added, change.Type));
    }

    private async Task<List<Change>> ReadWholeLogAsync()
    {
        var log = new List<Change>();
        while (await store.ReadLogAsync(log.Count == 0 ? 0 : log[^1].Position, 1000, Cancellation) is { Count: > 0 } page)
        {
            log.AddRange(page);
        }

        return log;
    }
}
