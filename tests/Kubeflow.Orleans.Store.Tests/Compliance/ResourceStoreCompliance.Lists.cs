using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.Store.Tests.Compliance;

public abstract partial class ResourceStoreCompliance
{
    [Fact]
    public async Task List_is_ordered_by_namespace_and_name_and_keeps_to_resource_and_namespace()
    {
        await CreateAsync("b", ns: "team-b");
        await CreateAsync("z", ns: "team-a");
        await CreateAsync("a", ns: "team-b");
        await CreateAsync("Z", ns: "team-a");
        await CreateAsync("a", ns: "team");
        var notebook = new ResourceKey(Notebooks, "team-a", "other");
        await CommitAsync(new CreateOperation(notebook, Sample(notebook)));

        var all = await Store.ListAsync(new ListQuery(Jobs), Cancellation);
        var one = await Store.ListAsync(new ListQuery(Jobs) { Namespace = "team-a" }, Cancellation);

        Assert.Equal(["team/a", "team-a/Z", "team-a/z", "team-b/a", "team-b/b"], Names(all));
        Assert.Equal(["team-a/Z", "team-a/z"], Names(one));
        Assert.Equal(await Store.HeadAsync(Cancellation), all.Position);
        Assert.Null(all.Next);
        Assert.Null(all.Remaining);
    }

    [Fact]
    public async Task List_of_cluster_scoped_objects_is_served_under_the_empty_namespace()
    {
        await CreateAsync("b", ns: "");
        await CreateAsync("a", ns: "");

        Assert.Equal(["/a", "/b"], Names(await Store.ListAsync(new ListQuery(Jobs), Cancellation)));
        Assert.Equal(["/a", "/b"], Names(await Store.ListAsync(new ListQuery(Jobs) { Namespace = "" }, Cancellation)));
    }

    [Fact]
    public async Task List_of_nothing_is_empty_at_the_head()
    {
        await CreateAsync("a");

        var page = await Store.ListAsync(new ListQuery(Notebooks) { Limit = 5 }, Cancellation);

        Assert.Empty(page.Items);
        Assert.Equal(1, page.Position);
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task Pages_join_to_the_whole_list_and_say_how_much_remains()
    {
        for (var index = 0; index < 10; index++)
        {
            await CreateAsync($"job-{index}", ns: $"team-{index % 3}");
        }

        var whole = await Store.ListAsync(new ListQuery(Jobs), Cancellation);
        var pages = new List<ListPage> { await Store.ListAsync(new ListQuery(Jobs) { Limit = 4 }, Cancellation) };
        while (pages[^1].Next is { } next)
        {
            pages.Add(await Store.ListAsync(new ListQuery(Jobs) { Limit = 4, After = next, At = pages[0].Position }, Cancellation));
        }

        Assert.Equal([4, 4, 2], pages.Select(page => page.Items.Count));
        Assert.Equal([6, 2, null], pages.Select(page => page.Remaining));
        Assert.Equal(Names(whole), pages.SelectMany(Names));
    }

    [Fact]
    public async Task A_page_that_ends_with_the_list_has_no_next()
    {
        await CreateAsync("a");
        await CreateAsync("b");

        var page = await Store.ListAsync(new ListQuery(Jobs) { Limit = 2 }, Cancellation);

        Assert.Equal(2, page.Items.Count);
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task A_filter_fills_pages_with_what_it_keeps_and_leaves_the_rest_uncounted()
    {
        for (var index = 0; index < 20; index++)
        {
            await CreateAsync($"job-{index:00}", index % 4 == 0 ? "keep" : "drop");
        }

        var query = new ListQuery(Jobs) { Limit = 3, Filter = document => ValueOf(document) == "keep" };
        var first = await Store.ListAsync(query, Cancellation);
        var second = await Store.ListAsync(query with { After = first.Next, At = first.Position }, Cancellation);

        Assert.Equal(["team-a/job-00", "team-a/job-04", "team-a/job-08"], Names(first));
        Assert.NotNull(first.Next);
        Assert.Null(first.Remaining);
        Assert.Equal(["team-a/job-12", "team-a/job-16"], Names(second));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task List_at_an_older_position_shows_what_was_there_then()
    {
        var kept = await CreateAsync("kept", "one");
        var changed = await CreateAsync("changed", "one");
        var deleted = await CreateAsync("deleted", "one");
        var replaced = await CreateAsync("replaced", "one");
        var then = await Store.HeadAsync(Cancellation);
        changed = await UpdateAsync("changed", changed, "two");
        await UpdateAsync("changed", changed, "three");
        await DeleteAsync("deleted", deleted);
        await DeleteAsync("replaced", replaced);
        await CreateAsync("replaced", "two");
        await CreateAsync("added", "one");

        var page = await Store.ListAsync(new ListQuery(Jobs) { At = then, Limit = 3 }, Cancellation);
        var rest = await Store.ListAsync(new ListQuery(Jobs) { At = then, Limit = 3, After = page.Next }, Cancellation);

        Assert.Equal(then, page.Position);
        Assert.Equal(1, page.Remaining);
        Assert.Equal(["team-a/changed", "team-a/deleted", "team-a/kept", "team-a/replaced"], Names(page).Concat(Names(rest)));
        Assert.All(page.Items.Concat(rest.Items), item => Assert.Equal("one", ValueOf(item)));
        Assert.Equal(kept.ToString(), page.Items[2].ToString());
    }

    [Fact]
    public async Task List_at_a_position_not_reached_yet_is_answered_at_the_head()
    {
        await CreateAsync("a");

        Assert.Equal(1, (await Store.ListAsync(new ListQuery(Jobs) { At = 1000 }, Cancellation)).Position);
    }

    [Fact]
    public async Task List_at_a_position_does_not_change_while_others_write()
    {
        for (var index = 0; index < 60; index++)
        {
            await CreateAsync($"job-{index:00}", "before");
        }

        var then = await Store.HeadAsync(Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var churn = Task.WhenAll(Enumerable.Range(0, 4).Select(writer => ChurnAsync(writer, stop.Token)));
        for (var round = 0; round < 10; round++)
        {
            var items = new List<Document>();
            ResourceKey? after = null;
            do
            {
                var page = await Store.ListAsync(new ListQuery(Jobs) { Limit = 7, At = then, After = after }, Cancellation);
                Assert.Equal(then, page.Position);
                items.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);

            Assert.Equal(Enumerable.Range(0, 60).Select(index => $"job-{index:00}"), items.Select(item => item.Metadata.Name));
            Assert.All(items, item => Assert.Equal("before", ValueOf(item)));
        }

        await stop.CancelAsync();
        await churn;
    }

    private static IEnumerable<string> Names(ListPage page) => page.Items.Select(item => $"{item.Metadata.Namespace}/{item.Metadata.Name}");

    /// <summary>Updates, deletes and creates this writer's share of the sixty jobs and some more, until told to stop.</summary>
    private async Task ChurnAsync(int writer, CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var key = Job($"job-{(writer + (4 * round)) % 72:00}");
            var current = await Store.GetAsync(key, Cancellation);
            WriteOperation operation = current switch
            {
                null => new CreateOperation(key, Sample(key, "after")),
                _ when round % 3 == 0 => new DeleteOperation(key, current.Document.Metadata.ResourceVersion),
                _ => new UpdateOperation(key, current.Document.Metadata.ResourceVersion, Sample(key, "after")),
            };
            Assert.IsType<Committed>(await WriteAsync(operation));
        }
    }
}
