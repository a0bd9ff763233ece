using System.Collections.Concurrent;
using System.Text;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Postgres;

/// <summary>The server goes away and comes back under load. It is this test's own: the others share one.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private const int Writers = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly PostgresServer server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_restart_under_load_loses_no_acknowledged_write_and_the_feed_goes_on_without_gap()
    {
        var options = await server.NewStoreAsync();
        await using var store = await PostgresResourceStore.OpenAsync(options with { OutageLimit = Limit }, TimeProvider.System, null, Cancellation);
        await using var feed = new ChangeFeed(store, TimeProvider.System, NullLogger<ChangeFeed>.Instance);
        await feed.StartAsync(Cancellation);
        using var subscription = feed.Subscribe(null, 0);
        var acknowledged = new ConcurrentDictionary<long, string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => CreateUntilStoppedAsync(store, writer, acknowledged, stop.Token))).ToList();
        var seen = new List<Change>();

        foreach (var mode in (string[])["fast", "immediate", "fast", "immediate"])
        {
            await server.RestartAsync(mode);
            await FollowAsync(subscription, seen, until: (acknowledged.Keys.DefaultIfEmpty().Max()) + 50);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await FollowAsync(subscription, seen, await store.HeadAsync(Cancellation));
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(position => (long)position), seen.Select(change => change.Position));
        Assert.Equal(acknowledged.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key} {entry.Value}"), seen.Select(change => $"{change.Position} {change.Key.Name}"));
        Assert.Equal(seen.Count, (await store.ListAsync(new ListQuery("tfjobs.kubeflow.org"), Cancellation)).Items.Count);
    }

    private static async Task CreateUntilStoppedAsync(PostgresResourceStore store, int writer, ConcurrentDictionary<long, string> acknowledged, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var key = new ResourceKey("tfjobs.kubeflow.org", "team-a", $"job-{writer}-{number}");
            var document = new Document(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"{{{key.Name}}}","uid":"{{{key}}}"}}"""));
            var written = Assert.IsType<Committed>(Assert.Single(await store.WriteAsync([new CreateOperation(key, document)], Cancellation)));
            Assert.True(acknowledged.TryAdd(written.Document.Metadata.ResourceVersion, key.Name));
        }
    }

    private static async Task FollowAsync(IChangeSubscription subscription, List<Change> seen, long until)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(Limit);
        while (subscription.Position < until)
        {
            seen.AddRange(await subscription.ReadAsync(TimeSpan.FromSeconds(1), limit.Token));
        }
    }
}
