using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Sqlite;
using Kubeflow.Orleans.Store.Tests.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Feed;

public sealed class ChangeFeedTests : IAsyncLifetime
{
    private const string Jobs = "tfjobs.kubeflow.org";
    private const string Notebooks = "notebooks.kubeflow.org";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory directory = new();
    private SqliteResourceStore store = null!;
    private ChangeFeed feed = null!;
    private int created;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = directory.Database }, TimeProvider.System, null, Cancellation);
        feed = new ChangeFeed(store, TimeProvider.System, NullLogger<ChangeFeed>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await feed.DisposeAsync();
        await store.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Subscriber_of_a_resource_gets_its_changes_and_no_others()
    {
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(Jobs, 0);
        await CreateAsync(Notebooks);
        var job = await CreateAsync(Jobs);

        Assert.Equal([job], await ReadAsync(subscription, 1));
    }

    [Fact]
    public async Task Subscriber_of_everything_gets_every_change_in_order()
    {
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(null, 0);
        await CreateAsync(Notebooks);
        await CreateAsync(Jobs);

        Assert.Equal([1, 2], await ReadAsync(subscription, 2));
    }

    [Fact]
    public async Task Subscriber_older_than_the_feed_catches_up_from_the_log()
    {
        var old = await CreateAsync(Jobs);
        await CreateAsync(Notebooks);
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(Jobs, 0);
        Assert.Equal([old], await ReadAsync(subscription, 1));

        var live = await CreateAsync(Jobs);

        Assert.Equal([live], await ReadAsync(subscription, 1));
    }

    [Fact]
    public async Task Subscriber_from_before_the_start_reads_the_log_and_then_live()
    {
        using var subscription = feed.Subscribe(Jobs, 0);
        var first = await CreateAsync(Jobs);
        Assert.Equal([first], await ReadAsync(subscription, 1));

        await feed.StartAsync(Cancellation);
        var waiting = ReadAsync(subscription, 1);
        var second = await CreateAsync(Jobs);

        Assert.Equal([second], await waiting);
    }

    [Fact]
    public async Task Reading_with_nothing_new_ends_after_the_wait_and_not_with_another_resources_change()
    {
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(Jobs, 0);
        var read = subscription.ReadAsync(TimeSpan.FromMilliseconds(300), Cancellation).AsTask();
        var other = await CreateAsync(Notebooks);

        Assert.Empty(await read.WaitAsync(Limit, Cancellation));
        Assert.Equal(other, subscription.Position);
    }

    [Fact]
    public async Task Position_of_a_quiet_resource_moves_on_for_bookmarks()
    {
        await feed.StartAsync(Cancellation);
        using var quiet = feed.Subscribe(Jobs, 0);
        using var everything = feed.Subscribe(null, 0);
        await CreateAsync(Notebooks);
        await CreateAsync(Notebooks);
        await ReadAsync(everything, 2);

        // Who reads everything may see a change a moment before the feed says how far it is.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(Limit);
        do
        {
            Assert.Empty(await quiet.ReadAsync(TimeSpan.FromMilliseconds(10), limit.Token));
        }
        while (quiet.Position < 2);

        Assert.Equal(2, quiet.Position);
    }

    [Fact]
    public async Task Subscriber_from_a_position_ahead_of_the_feed_waits_for_what_follows_it()
    {
        var head = await CreateAsync(Jobs);
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(Jobs, head + 1);
        await CreateAsync(Jobs);
        var wanted = await CreateAsync(Jobs);

        Assert.Equal([wanted], await ReadAsync(subscription, 1));
    }

    [Fact]
    public async Task A_waiting_reader_can_be_cancelled()
    {
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(Jobs, 0);
        using var impatient = new CancellationTokenSource();
        var read = subscription.ReadAsync(Limit, impatient.Token).AsTask();
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Subscriber_below_the_floor_is_told_that_its_position_expired()
    {
        await CreateAsync(Jobs);
        await CreateAsync(Jobs);
        await store.TrimAsync(2, Cancellation);
        await feed.StartAsync(Cancellation);
        using var expired = feed.Subscribe(Jobs, 1);
        using var fresh = feed.Subscribe(Jobs, 2);

        await Assert.ThrowsAsync<PositionExpiredException>(async () => await expired.ReadAsync(Limit, Cancellation));
        Assert.Empty(await fresh.ReadAsync(TimeSpan.Zero, Cancellation));
    }

    [Fact]
    public async Task Subscribers_joining_at_any_time_under_concurrent_writes_see_no_gap_and_no_duplicate()
    {
        const int Writers = 8;
        const int WritesEach = 400;
        await CreateAsync(Jobs);
        await feed.StartAsync(Cancellation);
        var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => CreateManyAsync(writer, WritesEach), Cancellation)).ToArray();
        var readers = new List<Task<List<long>>>();
        while (!writing.All(writer => writer.IsCompleted))
        {
            readers.Add(FollowAsync(feed.Subscribe(Jobs, 0), (Writers * WritesEach / 2) + 1));
            await Task.WhenAny(Task.WhenAll(writing), store.WaitForChangeAsync(await store.HeadAsync(Cancellation) + 100, Cancellation));
        }

        await Task.WhenAll(writing);
        var expected = (await store.ReadLogAsync(0, int.MaxValue, Cancellation)).Where(change => change.Key.Resource == Jobs).Select(change => change.Position).ToList();
        Assert.Equal((Writers * WritesEach / 2) + 1, expected.Count);
        foreach (var reader in readers)
        {
            Assert.Equal(expected, await reader.WaitAsync(Limit, Cancellation));
        }
    }

    [Fact]
    public async Task A_slow_subscriber_keeps_nobody_waiting_and_still_gets_everything()
    {
        const int Changes = 6000;
        await feed.StartAsync(Cancellation);
        using var slow = feed.Subscribe(Jobs, 0);
        using var quick = feed.Subscribe(Jobs, 0);
        var following = FollowAsync(quick, Changes);
        var operations = Enumerable.Range(0, Changes).Select(_ => NewObject(Jobs)).ToList();
        foreach (var portion in operations.Chunk(100))
        {
            await store.WriteAsync(portion, Cancellation);
        }

        var all = await following.WaitAsync(Limit, Cancellation);

        Assert.Equal(Enumerable.Range(1, Changes).Select(position => (long)position), all);
        Assert.Equal(all, await FollowAsync(slow, Changes).WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task A_thousand_subscribers_all_get_a_change()
    {
        await feed.StartAsync(Cancellation);
        var subscriptions = Enumerable.Range(0, 1000).Select(_ => feed.Subscribe(Jobs, 0)).ToList();
        var reads = subscriptions.Select(subscription => ReadAsync(subscription, 3)).ToList();
        for (var change = 0; change < 3; change++)
        {
            await CreateAsync(Jobs);
        }

        Assert.All(await Task.WhenAll(reads), positions => Assert.Equal([1, 2, 3], positions));
    }

    private static Task<List<long>> ReadAsync(IChangeSubscription subscription, int count) => FollowAsync(subscription, count).WaitAsync(Limit, Cancellation);

    private static async Task<List<long>> FollowAsync(IChangeSubscription subscription, int count)
    {
        var positions = new List<long>();
        while (positions.Count < count)
        {
            positions.AddRange((await subscription.ReadAsync(Limit, Cancellation)).Select(change => change.Position));
        }

        return positions;
    }

    private CreateOperation NewObject(string resource)
    {
        var name = $"object-{Interlocked.Increment(ref created)}";
        return new CreateOperation(new ResourceKey(resource, "team", name), new Document(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"{{{name}}}"}}""")));
    }

    private async Task<long> CreateAsync(string resource)
    {
        var results = await store.WriteAsync([NewObject(resource)], Cancellation);
        return Assert.IsType<Committed>(results[0]).Document.Metadata.ResourceVersion;
    }

    private async Task CreateManyAsync(int writer, int count)
    {
        for (var index = 0; index < count; index++)
        {
            await CreateAsync((writer + index) % 2 == 0 ? Jobs : Notebooks);
        }
    }
}
