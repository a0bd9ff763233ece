using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Crasher;
using Kubeflow.Orleans.Store.Postgres;
using Npgsql;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Postgres;

/// <summary>Several stores, in one process and in several, on one schema.</summary>
public sealed class ManyWritersTests(PostgresServer server) : IAsyncLifetime
{
    private const int Stores = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly List<PostgresResourceStore> stores = [];
    private PostgresStoreOptions options = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        options = await server.NewStoreAsync();
        for (var index = 0; index < Stores; index++)
        {
            stores.Add(await PostgresResourceStore.OpenAsync(options, TimeProvider.System, null, Cancellation));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Processes_that_write_the_same_keys_agree_on_every_winner_and_see_one_log()
    {
        const int Keys = 1500;
        var outputs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RaceAsync(Keys)));

        var won = outputs.SelectMany(lines => lines).Where(line => line.StartsWith("won ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        Assert.Equal(Keys, won.Select(parts => parts[1]).Distinct().Count());
        Assert.Equal(Enumerable.Range(1, Keys).Select(position => (long)position), won.Select(parts => long.Parse(parts[2], CultureInfo.InvariantCulture)).Order());
        Assert.Single(outputs.Select(lines => lines[^1]).Distinct());
        Assert.StartsWith($"log {Keys} ", outputs[0][^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stores_that_update_one_object_apply_every_acknowledged_update_in_one_order()
    {
        const int UpdatesEach = 40;
        var key = Job("counter");
        await stores[0].WriteAsync([new CreateOperation(key, Counter(key, 0))], Cancellation);

        await Task.WhenAll(stores.Select(store => Task.Run(async () =>
        {
            for (var done = 0; done < UpdatesEach;)
            {
                var current = (await store.GetAsync(key, Cancellation))!.Document;
                var next = Counter(key, current.Root.GetProperty("count").GetInt32() + 1);
                done += Assert.Single(await store.WriteAsync([new UpdateOperation(key, current.Metadata.ResourceVersion, next)], Cancellation)) is Committed ? 1 : 0;
            }
        })));

        var log = await stores[1].ReadLogAsync(0, 10_000, Cancellation);
        Assert.Equal(Enumerable.Range(0, (Stores * UpdatesEach) + 1), log.Select(change => change.Document.Root.GetProperty("count").GetInt32()));
        Assert.All(log.Skip(1), change => Assert.Equal(change.Position - 1, change.Previous!.Metadata.ResourceVersion));
    }

    [Fact]
    public async Task Readers_on_every_store_see_the_writes_of_all_in_one_order_without_gap()
    {
        const int WritesEach = 300;
        var readers = stores.Select(store => Task.Run(() => FollowAsync(store, Stores * WritesEach))).ToList();

        await Task.WhenAll(stores.Select((store, writer) => Task.Run(() => CreateManyAsync(store, writer, WritesEach))));

        foreach (var seen in await Task.WhenAll(readers).WaitAsync(Limit, Cancellation))
        {
            Assert.Equal(Enumerable.Range(1, Stores * WritesEach).Select(position => (long)position), seen.Select(change => change.Position));
        }
    }

    [Fact]
    public async Task A_session_idle_in_a_transaction_elsewhere_does_not_hold_the_feed_up()
    {
        await using var idle = await server.ConnectAsync(options.Schema);
        await using var begin = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMP TABLE mine (x int); SELECT count(*) FROM change", idle);
        await begin.ExecuteNonQueryAsync(Cancellation);
        var reading = FollowAsync(stores[1], 50);

        await CreateManyAsync(stores[0], 0, 50);

        Assert.Equal(50, (await reading.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Count);
    }

    [Fact]
    public async Task What_another_store_wrote_is_heard_of_when_notifications_are_lost()
    {
        var waiting = stores[1].WaitForChangeAsync(0, Cancellation);

        // As a writer whose notification does not arrive: the head moves and nobody says so.
        await server.ScalarAsync(options.Schema, "UPDATE log SET head = 7");

        await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task A_trim_by_several_while_others_write_keeps_every_current_document_and_the_log_above_the_floor()
    {
        var acknowledged = new ConcurrentDictionary<ResourceKey, long>();
        var writing = Task.WhenAll(stores.Take(2).Select((store, writer) => Task.Run(() => LiveAsync(store, writer, acknowledged))));
        do
        {
            await Task.WhenAll(stores.Skip(2).Select(async store => await store.TrimAsync(await store.HeadAsync(Cancellation) - 20, Cancellation)));
        }
        while (!writing.IsCompleted);

        await writing;
        foreach (var (key, version) in acknowledged)
        {
            Assert.Equal(version, (await stores[3].GetAsync(key, Cancellation))!.Document.Metadata.ResourceVersion);
        }

        var (head, floor) = (await stores[3].HeadAsync(Cancellation), await stores[3].TrimAsync(0, Cancellation));
        var log = await stores[3].ReadLogAsync(floor, 1000, Cancellation);
        Assert.Equal(head - floor, log.Count);
        Assert.All(log.Where(change => change.Type == ChangeType.Modified), change => Assert.NotNull(change.Previous));
        Assert.InRange(await server.ScalarAsync(options.Schema, "SELECT count(*) FROM change"), acknowledged.Count, acknowledged.Count + (2 * log.Count));
    }

    private static ResourceKey Job(string name) => new("tfjobs.kubeflow.org", "team-a", name);

    private static Document Counter(ResourceKey key, int count) => new(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"{{{key.Name}}}","uid":"{{{key}}}"},"count":{{{count}}}}"""));

    private static async Task CreateManyAsync(PostgresResourceStore store, int writer, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var key = Job($"job-{writer}-{number}");
            Assert.IsType<Committed>(Assert.Single(await store.WriteAsync([new CreateOperation(key, Counter(key, number))], Cancellation)));
        }
    }

    /// <summary>Creates objects, updates each a few times, and deletes every third.</summary>
    private static async Task LiveAsync(PostgresResourceStore store, int writer, ConcurrentDictionary<ResourceKey, long> acknowledged)
    {
        for (var number = 0; number < 60; number++)
        {
            var key = Job($"job-{writer}-{number}");
            var version = await CommitAsync(store, new CreateOperation(key, Counter(key, 0)));
            for (var round = 1; round < 5; round++)
            {
                version = await CommitAsync(store, new UpdateOperation(key, version, Counter(key, round)));
            }

            if (number % 3 == 0)
            {
                await CommitAsync(store, new DeleteOperation(key, version));
            }
            else
            {
                acknowledged[key] = version;
            }
        }
    }

    private static async Task<long> CommitAsync(PostgresResourceStore store, WriteOperation operation) =>
        Assert.IsType<Committed>(Assert.Single(await store.WriteAsync([operation], Cancellation))).Document.Metadata.ResourceVersion;

    private static async Task<List<Change>> FollowAsync(PostgresResourceStore store, int count)
    {
        var seen = new List<Change>();
        while (seen.Count < count)
        {
            var position = seen.Count == 0 ? 0 : seen[^1].Position;
            await store.WaitForChangeAsync(position, Cancellation);
            seen.AddRange(await store.ReadLogAsync(position, 13, Cancellation));
        }

        return seen;
    }

    private async Task<string[]> RaceAsync(int keys)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(EndlessWriter).Assembly.Location, "race", StoreTarget.Postgres, $"{keys}"])
        {
            RedirectStandardOutput = true,
            Environment = { [StoreTarget.Connection] = options.ConnectionString, [StoreTarget.Schema] = options.Schema },
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation).WaitAsync(Limit, Cancellation);
        await process.WaitForExitAsync(Cancellation).WaitAsync(Limit, Cancellation);
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
