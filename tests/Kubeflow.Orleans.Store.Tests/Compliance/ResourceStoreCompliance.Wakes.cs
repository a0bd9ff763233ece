using System.Text;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

public abstract partial class ResourceStoreCompliance
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Due_objects_come_oldest_first_and_not_before_their_time()
    {
        await CreateDueAsync("later", Noon.AddSeconds(2));
        await CreateDueAsync("now", Noon);
        await CreateDueAsync("past", Noon.AddTicks(-1));
        await CreateAsync("never");

        var due = await Store.ReadDueAsync(Noon, ShardRange.All, 10, Cancellation);

        Assert.Equal([new DueObject(Job("past"), Noon.AddTicks(-1)), new DueObject(Job("now"), Noon)], due);
        Assert.Equal([Job("past")], (await Store.ReadDueAsync(Noon, ShardRange.All, 1, Cancellation)).Select(each => each.Key));
    }

    [Fact]
    public async Task Due_objects_are_split_by_the_shard_of_their_uid()
    {
        for (var index = 0; index < 50; index++)
        {
            await CreateDueAsync($"job-{index:00}", Noon);
        }

        var seen = new List<string>();
        for (var shard = 0; shard < StableHash.ShardCount; shard++)
        {
            foreach (var due in await Store.ReadDueAsync(Noon, new ShardRange(shard, shard + 1), 100, Cancellation))
            {
                Assert.Equal(shard, StableHash.Shard(due.Key.ToString()));
                seen.Add(due.Key.Name);
            }
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(index => $"job-{index:00}"), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_write_keeps_changes_or_clears_the_wake_as_it_says()
    {
        var document = await CreateDueAsync("a", Noon);

        document = await UpdateAsync("a", document, "kept");
        Assert.Equal(Noon, (await Store.GetAsync(Job("a"), Cancellation))!.NextWake);

        document = await CommitAsync(new UpdateOperation(Job("a"), document.Metadata.ResourceVersion, Sample(Job("a"))) { Wake = Wake.At(Noon.AddHours(1)) });
        Assert.Equal(Noon.AddHours(1), (await Store.GetAsync(Job("a"), Cancellation))!.NextWake);

        await CommitAsync(new UpdateOperation(Job("a"), document.Metadata.ResourceVersion, Sample(Job("a"))) { Wake = Wake.Never });
        Assert.Null((await Store.GetAsync(Job("a"), Cancellation))!.NextWake);
        Assert.Empty(await Store.ReadDueAsync(Noon.AddYears(1), ShardRange.All, 10, Cancellation));
    }

    [Fact]
    public async Task A_wake_of_the_expected_version_moves_the_time_without_a_new_version()
    {
        var document = await CreateDueAsync("a", Noon);

        var answered = await CommitAsync(new WakeOperation(Job("a"), document.Metadata.ResourceVersion) { Wake = Wake.At(Noon.AddHours(1)) });

        Assert.Equal(document.ToString(), answered.ToString());
        Assert.Equal(1, await Store.HeadAsync(Cancellation));
        Assert.Single(await ReadWholeLogAsync());
        Assert.Empty(await Store.ReadDueAsync(Noon, ShardRange.All, 10, Cancellation));
    }

    [Fact]
    public async Task A_wake_of_another_version_conflicts_and_changes_nothing()
    {
        var document = await CreateDueAsync("a", Noon);

        Assert.IsType<Conflict>(await WriteAsync(new WakeOperation(Job("a"), document.Metadata.ResourceVersion + 1) { Wake = Wake.Never }));

        Assert.Equal(Noon, (await Store.GetAsync(Job("a"), Cancellation))!.NextWake);
    }

    [Fact]
    public async Task A_deleted_object_is_never_due()
    {
        await DeleteAsync("a", await CreateDueAsync("a", Noon));
        await CreateAsync("a");

        Assert.Empty(await Store.ReadDueAsync(Noon, ShardRange.All, 10, Cancellation));
        Assert.Null((await Store.GetAsync(Job("a"), Cancellation))!.NextWake);
    }

    [Fact]
    public async Task A_wake_given_in_another_time_zone_is_the_same_moment()
    {
        await CreateDueAsync("a", Noon.ToOffset(TimeSpan.FromHours(5)));

        Assert.Equal(Noon, Assert.Single(await Store.ReadDueAsync(Noon, ShardRange.All, 10, Cancellation)).NextWake);
    }

    [Fact]
    public async Task Notes_are_kept_replaced_or_cleared_as_the_write_says_and_never_logged()
    {
        var document = await CommitAsync(new CreateOperation(Job("a"), Sample(Job("a"))) { Notes = Bytes("""{"secret":1}""") });
        Assert.Equal("""{"secret":1}""", await NotesAsync());

        document = await UpdateAsync("a", document, "two");
        Assert.Equal("""{"secret":1}""", await NotesAsync());

        await CommitAsync(new WakeOperation(Job("a"), document.Metadata.ResourceVersion) { Notes = Bytes("""{"secret":2}""") });
        await ReopenAsync();
        Assert.Equal("""{"secret":2}""", await NotesAsync());

        await CommitAsync(new WakeOperation(Job("a"), document.Metadata.ResourceVersion) { Notes = ReadOnlyMemory<byte>.Empty });
        Assert.Equal("", await NotesAsync());
        Assert.DoesNotContain(await ReadWholeLogAsync(), change => Describe(change).Contains("secret", StringComparison.Ordinal));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private async Task<string> NotesAsync() => Encoding.UTF8.GetString((await Store.GetAsync(Job("a"), Cancellation))!.Notes.Span);

    private Task<Document> CreateDueAsync(string name, DateTimeOffset wake) =>
        CommitAsync(new CreateOperation(Job(name), Sample(Job(name))) { Wake = Wake.At(wake) });
}
