using System.Collections.Concurrent;
using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

public abstract partial class ResourceStoreCompliance
{
    [Fact]
    public async Task Log_tells_every_change_in_order_with_what_was_there_before()
    {
        var created = await CreateAsync("mnist", "one");
        var updated = await UpdateAsync("mnist", created, "two");
        await DeleteAsync("mnist", updated);

        foreach (var reopened in (bool[])[false, true])
        {
            if (reopened)
            {
                await ReopenAsync();
            }

            Assert.Collection(
                await Store.ReadLogAsync(0, 10, Cancellation),
                first => Assert.Equal((1L, ChangeType.Added, null), (first.Position, first.Type, first.Previous)),
                second => Assert.Equal((2L, ChangeType.Modified, created.ToString()), (second.Position, second.Type, second.Previous!.ToString())),
                third => Assert.Equal((3L, ChangeType.Deleted, updated.ToString()), (third.Position, third.Type, third.Previous!.ToString())));
        }
    }

    [Fact]
    public async Task Log_is_read_in_portions_from_any_position()
    {
        for (var index = 0; index < 5; index++)
        {
            await CreateAsync($"job-{index}");
        }

        Assert.Equal([1, 2], (await Store.ReadLogAsync(0, 2, Cancellation)).Select(change => change.Position));
        Assert.Equal([4, 5], (await Store.ReadLogAsync(3, 10, Cancellation)).Select(change => change.Position));
        Assert.Empty(await Store.ReadLogAsync(5, 10, Cancellation));
        Assert.Empty(await Store.ReadLogAsync(50, 10, Cancellation));
    }

    [Fact]
    public async Task Waiting_for_a_change_ends_with_the_change_and_not_before()
    {
        await CreateAsync("a");
        await Store.WaitForChangeAsync(0, Cancellation);
        var waiting = Store.WaitForChangeAsync(1, Cancellation);
        await WriteAsync(new CreateOperation(Job("a"), Sample(Job("a"))));
        Assert.False(waiting.IsCompleted);

        await CreateAsync("b");

        await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task Waiting_for_a_change_can_be_given_up()
    {
        using var impatient = new CancellationTokenSource();
        var waiting = Store.WaitForChangeAsync(0, impatient.Token);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Readers_that_follow_eight_writers_miss_nothing_and_see_nothing_out_of_order()
    {
        const int Writers = 8;
        const int WritesEach = 150;
        var acknowledged = new ConcurrentDictionary<long, string>();
        using var written = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => FollowAsync(written.Token))).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteManyAsync(writer, WritesEach, acknowledged))));
        await written.CancelAsync();

        foreach (var followed in await Task.WhenAll(readers))
        {
            Assert.Equal(Enumerable.Range(1, acknowledged.Count).Select(position => (long)position), followed.Select(change => change.Position));
            Assert.All(followed, change => Assert.Equal(acknowledged[change.Position], change.Document.ToString()));
            AssertPreviousIsTheChangeBefore(followed);
        }
    }

    [Fact]
    public async Task Reopening_keeps_head_floor_objects_and_log()
    {
        var created = await CreateAsync("a", "one");
        await UpdateAsync("a", created, "two");
        await CreateAsync("b");
        await Store.TrimAsync(1, Cancellation);
        var log = await ReadWholeLogAsync(1);

        await ReopenAsync();

        Assert.Equal(3, await Store.HeadAsync(Cancellation));
        Assert.Equal(1, await Store.FloorAsync(Cancellation));
        Assert.Equal("two", ValueOf((await Store.GetAsync(Job("a"), Cancellation))!.Document));
        Assert.Equal(log.Select(Describe), (await ReadWholeLogAsync(1)).Select(Describe));
        Assert.Equal(4, (await CreateAsync("c")).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_position_is_not_given_out_again_after_the_newest_rows_are_trimmed()
    {
        await DeleteAsync("a", await CreateAsync("a"));
        Assert.Equal(2, await Store.TrimAsync(long.MaxValue, Cancellation));

        await ReopenAsync();

        Assert.Equal(2, await Store.HeadAsync(Cancellation));
        Assert.Equal(3, (await CreateAsync("a")).Metadata.ResourceVersion);
    }

    private static string Describe(Change change) => $"{change.Position} {change.Type} {change.Key} {change.Document} {change.Previous}";

    private static void AssertPreviousIsTheChangeBefore(IEnumerable<Change> log)
    {
        var last = new Dictionary<ResourceKey, Change>();
        foreach (var change in log)
        {
            var before = last.GetValueOrDefault(change.Key);
            var expected = before is null || before.Type == ChangeType.Deleted ? null : before.Document.ToString();
            Assert.Equal(expected, change.Previous?.ToString());
            Assert.Equal(expected is null, change.Type == ChangeType.Added);
            last[change.Key] = change;
        }
    }

    /// <summary>Follows the log a few changes at a time; once everything is written, up to the head.</summary>
    private async Task<List<Change>> FollowAsync(CancellationToken written)
    {
        var seen = new List<Change>();
        while (true)
        {
            var finished = written.IsCancellationRequested;
            var page = await Store.ReadLogAsync(seen.Count == 0 ? 0 : seen[^1].Position, 7, Cancellation);
            seen.AddRange(page);
            if (page.Count == 0 && finished)
            {
                return seen;
            }
        }
    }

    /// <summary>Changes five shared jobs against the other writers, whatever the outcome; notes what was acknowledged.</summary>
    private async Task WriteManyAsync(int writer, int count, ConcurrentDictionary<long, string> acknowledged)
    {
        for (var index = 0; index < count; index++)
        {
            var key = Job($"shared-{(writer + index) % 5}");
            var current = (await Store.GetAsync(key, Cancellation))?.Document;
            WriteOperation operation = current switch
            {
                null => new CreateOperation(key, Sample(key, $"{writer}-{index}")),
                _ when index % 11 == 0 => new DeleteOperation(key, current.Metadata.ResourceVersion),
                _ => new UpdateOperation(key, current.Metadata.ResourceVersion, Sample(key, $"{writer}-{index}")),
            };
            if (await WriteAsync(operation) is Committed committed)
            {
                Assert.True(acknowledged.TryAdd(committed.Document.Metadata.ResourceVersion, committed.Document.ToString()));
            }
        }
    }
}
