using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

public abstract partial class ResourceStoreCompliance
{
    [Fact]
    public async Task Trim_keeps_current_documents_and_refuses_what_lies_below_the_floor()
    {
        var old = await CreateAsync("old", "one");
        await UpdateAsync("old", await UpdateAsync("old", old, "two"), "three");
        await DeleteAsync("gone", await CreateAsync("gone"));

        Assert.Equal(4, await Store.TrimAsync(4, Cancellation));

        Assert.Equal(4, await Store.FloorAsync(Cancellation));
        Assert.Equal("three", ValueOf((await Store.GetAsync(Job("old"), Cancellation))!.Document));
        Assert.Single((await Store.ListAsync(new ListQuery(Jobs), Cancellation)).Items);
        var expired = await Assert.ThrowsAsync<PositionExpiredException>(async () => await Store.ReadLogAsync(3, 10, Cancellation));
        Assert.Equal((3, 4), (expired.Position, expired.Floor));
        await Assert.ThrowsAsync<PositionExpiredException>(async () => await Store.ListAsync(new ListQuery(Jobs) { At = 3 }, Cancellation));
        Assert.Equal([5], (await Store.ReadLogAsync(4, 10, Cancellation)).Select(change => change.Position));
    }

    [Fact]
    public async Task Trim_keeps_the_previous_version_of_every_change_above_the_floor()
    {
        var first = await CreateAsync("a", "one");
        var second = await UpdateAsync("a", first, "two");
        await CreateAsync("between");
        await DeleteAsync("a", second);

        await Store.TrimAsync(3, Cancellation);
        await ReopenAsync();

        var change = Assert.Single(await Store.ReadLogAsync(3, 10, Cancellation));
        Assert.Equal(second.ToString(), change.Previous!.ToString());
        var then = await Store.ListAsync(new ListQuery(Jobs) { At = 3 }, Cancellation);
        Assert.Equal(["two", ""], then.Items.Select(ValueOf));
    }

    [Fact]
    public async Task Trim_in_steps_ends_where_trim_at_once_does()
    {
        var current = await CreateAsync("a", "0");
        for (var round = 1; round <= 30; round++)
        {
            current = await UpdateAsync("a", current, $"{round}");
            await DeleteAsync($"short-{round}", await CreateAsync($"short-{round}"));
            Assert.Equal(current.Metadata.ResourceVersion, await Store.TrimAsync(current.Metadata.ResourceVersion, Cancellation));
        }

        await ReopenAsync();

        Assert.Equal(current.ToString(), (await Store.GetAsync(Job("a"), Cancellation))!.Document.ToString());
        Assert.Equal(2, (await ReadWholeLogAsync(current.Metadata.ResourceVersion)).Count);
    }

    [Fact]
    public async Task Trim_never_goes_back_and_never_beyond_the_head()
    {
        await CreateAsync("a");
        await CreateAsync("b");

        Assert.Equal(2, await Store.TrimAsync(100, Cancellation));
        Assert.Equal(2, await Store.TrimAsync(1, Cancellation));
        Assert.Empty(await Store.ReadLogAsync(2, 10, Cancellation));
    }

    [Fact]
    public async Task Trim_under_readers_never_shows_them_a_hole()
    {
        using var finished = new CancellationTokenSource();
        var reader = Task.Run(() => ReadOverAndOverAsync(finished.Token), Cancellation);
        var current = await CreateAsync("a", "0");
        for (var round = 1; round <= 300; round++)
        {
            current = await UpdateAsync("a", current, $"{round}");
            if (round % 10 == 0)
            {
                await Store.TrimAsync(current.Metadata.ResourceVersion - 5, Cancellation);
            }
        }

        await finished.CancelAsync();
        await reader;
        Assert.Equal("300", ValueOf((await Store.GetAsync(Job("a"), Cancellation))!.Document));
    }

    /// <summary>Reads the log from a little above the floor and lists the past, until told to stop; both may be refused, neither may be wrong.</summary>
    private async Task ReadOverAndOverAsync(CancellationToken finished)
    {
        while (!finished.IsCancellationRequested)
        {
            var from = await Store.FloorAsync(Cancellation);
            try
            {
                var changes = await Store.ReadLogAsync(from, 1000, Cancellation);
                Assert.Equal(Enumerable.Range(1, changes.Count).Select(offset => from + offset), changes.Select(change => change.Position));
                Assert.All(changes.Where(change => change.Type == ChangeType.Modified), change => Assert.Equal(change.Position - 1, change.Previous!.Metadata.ResourceVersion));
                var page = await Store.ListAsync(new ListQuery(Jobs) { At = from }, Cancellation);
                Assert.Equal(from > 0 ? [from] : [], page.Items.Select(item => item.Metadata.ResourceVersion));
            }
            catch (PositionExpiredException expired)
            {
                Assert.True(expired.Floor > from);
            }
        }
    }
}
