using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

public abstract partial class ResourceStoreCompliance
{
    [Fact]
    public async Task Create_of_a_new_key_is_stored_with_its_position()
    {
        var created = await CreateAsync("mnist", "one");

        var stored = await Store.GetAsync(Job("mnist"), Cancellation);
        Assert.NotNull(stored);
        Assert.Equal(await Store.HeadAsync(Cancellation), created.Metadata.ResourceVersion);
        Assert.Equal(created.ToString(), stored.Document.ToString());
        Assert.Null(stored.NextWake);
        Assert.True(stored.Notes.IsEmpty);
    }

    [Fact]
    public async Task Create_of_a_taken_key_answers_exists_and_writes_nothing()
    {
        var created = await CreateAsync("mnist", "one");

        var second = await WriteAsync(new CreateOperation(Job("mnist"), Sample(Job("mnist"), "two")));

        Assert.Equal(created.ToString(), Assert.IsType<Exists>(second).Current.ToString());
        Assert.Equal(created.Metadata.ResourceVersion, await Store.HeadAsync(Cancellation));
    }

    [Fact]
    public async Task Update_of_the_expected_version_replaces_the_document()
    {
        var created = await CreateAsync("mnist", "one");

        var updated = await UpdateAsync("mnist", created, "two");

        Assert.True(updated.Metadata.ResourceVersion > created.Metadata.ResourceVersion);
        Assert.Equal("two", ValueOf((await Store.GetAsync(Job("mnist"), Cancellation))!.Document));
    }

    [Fact]
    public async Task Update_of_another_version_conflicts_and_writes_nothing()
    {
        var created = await CreateAsync("mnist", "one");
        var updated = await UpdateAsync("mnist", created, "two");

        var late = await WriteAsync(new UpdateOperation(Job("mnist"), created.Metadata.ResourceVersion, Sample(Job("mnist"), "three")));

        Assert.Equal(updated.ToString(), Assert.IsType<Conflict>(late).Current.ToString());
        Assert.Equal(updated.Metadata.ResourceVersion, await Store.HeadAsync(Cancellation));
    }

    [Fact]
    public async Task Update_and_delete_of_a_missing_key_answer_not_found()
    {
        Assert.IsType<NotFound>(await WriteAsync(new UpdateOperation(Job("gone"), 1, Sample(Job("gone")))));
        Assert.IsType<NotFound>(await WriteAsync(new DeleteOperation(Job("gone"), 1)));
        Assert.IsType<NotFound>(await WriteAsync(new WakeOperation(Job("gone"), 1)));
        Assert.Equal(0, await Store.HeadAsync(Cancellation));
    }

    [Fact]
    public async Task Delete_of_the_expected_version_removes_the_object_and_logs_its_last_state()
    {
        var created = await CreateAsync("mnist", "one");

        var deleted = await DeleteAsync("mnist", created);

        Assert.Null(await Store.GetAsync(Job("mnist"), Cancellation));
        var change = Assert.Single(await ReadWholeLogAsync(created.Metadata.ResourceVersion));
        Assert.Equal(ChangeType.Deleted, change.Type);
        Assert.Equal(deleted.ToString(), change.Document.ToString());
        Assert.Equal(change.Position, change.Document.Metadata.ResourceVersion);
        Assert.Equal(created.ToString(), change.Previous!.ToString());
        Assert.Equal("one", ValueOf(change.Document));
    }

    [Fact]
    public async Task Delete_with_a_last_state_logs_that_state()
    {
        var created = await CreateAsync("mnist", "one");

        await CommitAsync(new DeleteOperation(Job("mnist"), created.Metadata.ResourceVersion, Sample(Job("mnist"), "last")));

        var change = (await ReadWholeLogAsync())[^1];
        Assert.Equal("last", ValueOf(change.Document));
        Assert.Equal("one", ValueOf(change.Previous!));
    }

    [Fact]
    public async Task Delete_of_another_version_conflicts()
    {
        var created = await CreateAsync("mnist", "one");

        Assert.IsType<Conflict>(await WriteAsync(new DeleteOperation(Job("mnist"), created.Metadata.ResourceVersion + 1)));

        Assert.NotNull(await Store.GetAsync(Job("mnist"), Cancellation));
    }

    [Fact]
    public async Task A_key_can_be_created_again_after_its_deletion()
    {
        await DeleteAsync("mnist", await CreateAsync("mnist", "one"));

        await CreateAsync("mnist", "two");

        Assert.Equal(
            [ChangeType.Added, ChangeType.Deleted, ChangeType.Added],
            (await ReadWholeLogAsync()).Select(change => change.Type));
        Assert.Null((await ReadWholeLogAsync())[^1].Previous);
    }

    [Fact]
    public async Task Operations_of_one_call_are_decided_in_order_each_seeing_the_ones_before()
    {
        var head = await Store.HeadAsync(Cancellation);
        var results = await Store.WriteAsync(
            [
                new CreateOperation(Job("a"), Sample(Job("a"), "one")),
                new CreateOperation(Job("a"), Sample(Job("a"), "again")),
                new UpdateOperation(Job("a"), head + 1, Sample(Job("a"), "two")),
                new UpdateOperation(Job("a"), head + 1, Sample(Job("a"), "lost")),
                new DeleteOperation(Job("a"), head + 2),
                new UpdateOperation(Job("a"), head + 2, Sample(Job("a"), "late")),
            ],
            Cancellation);

        Assert.Collection(
            results,
            first => Assert.Equal(head + 1, Assert.IsType<Committed>(first).Document.Metadata.ResourceVersion),
            second => Assert.Equal("one", ValueOf(Assert.IsType<Exists>(second).Current)),
            third => Assert.Equal(head + 2, Assert.IsType<Committed>(third).Document.Metadata.ResourceVersion),
            fourth => Assert.Equal("two", ValueOf(Assert.IsType<Conflict>(fourth).Current)),
            fifth => Assert.Equal(head + 3, Assert.IsType<Committed>(fifth).Document.Metadata.ResourceVersion),
            sixth => Assert.IsType<NotFound>(sixth));
        Assert.Equal([head + 1, head + 2, head + 3], (await ReadWholeLogAsync(head)).Select(change => change.Position));
    }

    [Fact]
    public async Task Concurrent_first_writes_of_one_key_let_exactly_one_win()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = Job($"race-{round}");
            var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(() => WriteAsync(new CreateOperation(key, Sample(key, $"{index}"))))));

            var winner = Assert.Single(results.OfType<Committed>()).Document;
            Assert.All(results.OfType<Exists>(), loser => Assert.Equal(winner.ToString(), loser.Current.ToString()));
            Assert.Equal(15, results.OfType<Exists>().Count());
        }
    }

    [Fact]
    public async Task A_document_without_metadata_is_refused_and_harms_nobody_else()
    {
        foreach (var json in (string[])["""{"kind":"TFJob"}""", """{"metadata":null}""", "[]", "{"])
        {
            await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new CreateOperation(Job("bad"), Json(json))));
        }

        await CreateAsync("good");
        Assert.Null(await Store.GetAsync(Job("bad"), Cancellation));
    }

    [Fact]
    public async Task A_caller_that_stops_waiting_leaves_the_store_consistent()
    {
        using var impatient = new CancellationTokenSource();
        Task<IReadOnlyList<WriteResult>> write;
        await using (await BlockCommitsAsync())
        {
            write = Store.WriteAsync([new CreateOperation(Job("left"), Sample(Job("left"), "one"))], impatient.Token).AsTask();
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        var next = await CreateAsync("next");
        var log = await ReadWholeLogAsync();
        Assert.Equal(Enumerable.Range(1, log.Count).Select(position => (long)position), log.Select(change => change.Position));
        Assert.Equal(next.ToString(), log[^1].Document.ToString());
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_what_was_queued_is_written()
    {
        await ReopenAsync(queueCapacity: 4);
        var writes = new List<Task<WriteResult>>();
        await using (await BlockCommitsAsync())
        {
            do
            {
                var key = Job($"queued-{writes.Count}");
                writes.Add(WriteAsync(new CreateOperation(key, Sample(key))));
            }
            while (!writes[^1].IsFaulted && writes.Count < 10_000);
        }

        await Assert.ThrowsAsync<StoreBusyException>(() => writes[^1]);
        Assert.All(await Task.WhenAll(writes[..^1]), written => Assert.IsType<Committed>(written));
        Assert.Equal(writes.Count - 1, (await Store.ListAsync(new ListQuery(Jobs), Cancellation)).Items.Count);
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"x"},"spec":{"text":"日本語 \u00e9 \uD83D\uDE00 \"quoted\" \\ \/ \n\t","n":123456789012345678901234567890.000100E+5,"z":-0.0}}""")]
    [InlineData("""{ "metadata" : { "name" : "x" } , "empty" : { } , "list" : [ ] , "nothing" : null }""")]
    [InlineData("""{"metadata":{},"spec":{"metadata":{"resourceVersion":"keep"},"resourceVersion":"keep"}}""")]
    public async Task A_document_survives_byte_for_byte_except_its_version(string json)
    {
        var created = await CommitAsync(new CreateOperation(Job("x"), Json(json)));

        await ReopenAsync();
        var stored = (await Store.GetAsync(Job("x"), Cancellation))!.Document;
        Assert.Equal(created.ToString(), stored.ToString());
        var version = $"\"resourceVersion\":\"{created.Metadata.ResourceVersion}\"";
        Assert.Equal(json, stored.ToString().Replace(version + ",", "", StringComparison.Ordinal).Replace(version, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"metadata":{"resourceVersion":"7","name":"x"}}""", """{"metadata":{"resourceVersion":"1","name":"x"}}""")]
    [InlineData("""{"metadata":{"name":"x","resourceVersion":"7777"},"spec":{}}""", """{"metadata":{"name":"x","resourceVersion":"1"},"spec":{}}""")]
    [InlineData("""{"spec":{},"metadata":{"labels":{"resourceVersion":"a"},"resourceVersion":"","name":"x"}}""", """{"spec":{},"metadata":{"labels":{"resourceVersion":"a"},"resourceVersion":"1","name":"x"}}""")]
    [InlineData("""{"metadata":{"labels":{}}}""", """{"metadata":{"resourceVersion":"1","labels":{}}}""")]
    [InlineData("""{"metadata":{}}""", """{"metadata":{"resourceVersion":"1"}}""")]
    public async Task The_version_stands_where_the_document_had_it_or_first_in_metadata(string given, string expected)
    {
        Assert.Equal(0, await Store.HeadAsync(Cancellation));

        await CommitAsync(new CreateOperation(Job("x"), Json(given)));

        Assert.Equal(expected, (await Store.GetAsync(Job("x"), Cancellation))!.Document.ToString());
    }
}
