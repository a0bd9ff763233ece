using System.Globalization;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Tests.Watching;

public sealed class WatchTests
{
    private const string Watch = TestApi.Jobs + "?watch=1";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watchers_and_a_list_agree_on_every_object_while_many_write()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await using var first = await WatchStream.OpenAsync(api, Watch);
        var writing = WriteAsync(api, writers: 4, objects: 25);
        var (_, list) = await api.GetAsync(TestApi.Jobs);
        await using var late = await WatchStream.OpenAsync(api, $"{Watch}&resourceVersion={list["metadata"]!["resourceVersion"]}");
        await using var informer = await WatchStream.OpenAsync(api, $"{Watch}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        await writing;
        var last = await api.CreateJobAsync("last");
        var end = last["metadata"]!["resourceVersion"]!.GetValue<string>();

        var fromStart = await ReplayAsync(first, end, []);
        var fromList = await ReplayAsync(late, end, list["items"]!.AsArray().Select(item => item!));
        var fromInformer = await ReplayAsync(informer, end, []);
        var (_, final) = await api.GetAsync(TestApi.Jobs);
        var expected = final["items"]!.AsArray().ToDictionary(item => Name(item!), item => item!.ToJsonString());
        Assert.Equal(expected, fromStart);
        Assert.Equal(expected, fromList);
        Assert.Equal(expected, fromInformer);
    }

    [Fact]
    public async Task Object_that_begins_or_ceases_to_match_is_added_or_deleted()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&labelSelector=team%3Dred");
        await api.CreateJobAsync("other");
        await api.CreateJobAsync("a");
        await api.MergeAsync(TestApi.Jobs + "/a", """{"metadata":{"labels":{"team":"red"}}}""");
        Assert.Equal("ADDED a", await watch.NextNameAsync());
        await api.MergeAsync(TestApi.Jobs + "/a", """{"spec":{"queue":"r"}}""");
        Assert.Equal("MODIFIED a", await watch.NextNameAsync());
        var (_, left) = await api.MergeAsync(TestApi.Jobs + "/a", """{"metadata":{"labels":{"team":"blue"}},"spec":{"queue":"s"}}""");
        var deleted = await watch.NextAsync();
        Assert.Equal("DELETED", deleted!["type"]!.GetValue<string>());
        Assert.Equal("red", deleted["object"]!["metadata"]!["labels"]!["team"]!.GetValue<string>());
        Assert.Equal("r", deleted["object"]!["spec"]!["queue"]!.GetValue<string>());
        Assert.Equal(left["metadata"]!["resourceVersion"]!.GetValue<string>(), deleted["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>());
        await api.SendAsync(HttpMethod.Delete, TestApi.Jobs + "/a");
        await api.CreateJobAsync("b", ",\"labels\":{\"team\":\"red\"}");
        Assert.Equal("ADDED b", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Deleted_object_carries_the_version_of_its_delete()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var created = await api.CreateJobAsync("a");
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&resourceVersion={created["metadata"]!["resourceVersion"]}");
        await api.SendAsync(HttpMethod.Delete, TestApi.Jobs + "/a");
        var deleted = await watch.NextAsync();
        var head = await api.Store.HeadAsync(Cancelled);
        Assert.Equal("DELETED", deleted!["type"]!.GetValue<string>());
        Assert.Equal($"{head}", deleted["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>());
    }

    [Fact]
    public async Task Watch_of_one_name_sees_nothing_of_others()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a0");
        await api.CreateJobAsync("a");
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&fieldSelector=metadata.name%3Da");
        Assert.Equal("ADDED a", await watch.NextNameAsync());
        await api.CreateJobAsync("b");
        await api.MergeAsync(TestApi.Jobs + "/a", """{"spec":{"queue":"r"}}""");
        Assert.Equal("MODIFIED a", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Watch_without_initial_events_starts_at_the_newest_state()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
        await api.CreateJobAsync("b");
        Assert.Equal("ADDED b", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Watch_of_a_future_version_opens_at_once_and_is_silent_until_then()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var head = await api.Store.HeadAsync(Cancelled);
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&resourceVersion={head + 2}");
        await api.CreateJobAsync("a");
        await api.CreateJobAsync("b");
        await api.CreateJobAsync("c");
        Assert.Equal("ADDED c", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Bookmarks_tell_a_quiet_watch_how_far_it_is()
    {
        await using var api = await TestApi.StartWithNamespaceAsync(options: options => options.BookmarkInterval = TimeSpan.FromMilliseconds(100));
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&allowWatchBookmarks=true");
        await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces/gold/configmaps", """{"metadata":{"name":"elsewhere"}}""");
        var head = await api.Store.HeadAsync(Cancelled);
        JsonNode? bookmark;
        do
        {
            bookmark = await watch.NextAsync();
            Assert.Equal("BOOKMARK", bookmark!["type"]!.GetValue<string>());
        }
        while (bookmark["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>() != $"{head}");

        Assert.Equal("TFJob", bookmark["object"]!["kind"]!.GetValue<string>());
        await api.CreateJobAsync("a");
        Assert.Equal("ADDED a", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Watch_that_is_not_told_about_bookmarks_gets_none()
    {
        await using var api = await TestApi.StartWithNamespaceAsync(options: options => options.BookmarkInterval = TimeSpan.FromMilliseconds(20));
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&timeoutSeconds=1");
        await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces/gold/configmaps", """{"metadata":{"name":"elsewhere"}}""");
        Assert.Empty(await watch.ToEndAsync());
    }

    [Fact]
    public async Task Watch_from_a_forgotten_version_is_told_to_list_again()
    {
        await using var api = await TestApi.StartAsync(prepare: async store =>
        {
            for (var number = 0; number < 5; number++)
            {
                var document = new Core.Resources.Document(System.Text.Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"n{{{number}}}","uid":"{{{number}}}"}}"""));
                await store.WriteAsync([new Store.CreateOperation(new Core.Resources.ResourceKey("others", "", $"n{number}"), document)], Cancelled);
            }

            await store.TrimAsync(4, Cancelled);
        });
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&resourceVersion=3");
        var events = await watch.ToEndAsync();
        Assert.Equal("ERROR", Assert.Single(events)["type"]!.GetValue<string>());
        Assert.Equal(410, events[0]["object"]!["code"]!.GetValue<int>());
        await using var atFloor = await WatchStream.OpenAsync(api, $"{Watch}&resourceVersion=4&timeoutSeconds=1");
        Assert.Empty(await atFloor.ToEndAsync());
    }

    [Fact]
    public async Task Watches_end_cleanly_at_once_when_the_server_stops()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        var watches = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => WatchStream.OpenAsync(api, Watch)));
        foreach (var watch in watches)
        {
            Assert.Equal("ADDED a", await watch.NextNameAsync());
        }

        var stopping = api.StopAsync();
        foreach (var watch in watches)
        {
            Assert.Empty(await watch.ToEndAsync());
            await watch.DisposeAsync();
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
    }

    [Fact]
    public async Task Client_that_does_not_read_holds_up_nobody()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var slow = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => WatchStream.OpenAsync(api, Watch)));
        await using var quick = await WatchStream.OpenAsync(api, Watch);
        var filler = new string('x', 100_000);
        for (var number = 0; number < 30; number++)
        {
            await api.CreateJobAsync($"a{number}", $",\"annotations\":{{\"filler\":\"{filler}\"}}");
            Assert.Equal($"ADDED a{number}", await quick.NextNameAsync());
        }

        foreach (var watch in slow)
        {
            for (var number = 0; number < 30; number++)
            {
                Assert.Equal($"ADDED a{number}", await watch.NextNameAsync());
            }

            await watch.DisposeAsync();
        }
    }

    [Fact]
    public async Task Table_watch_describes_its_columns_once()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await using var watch = await WatchStream.OpenAsync(api, $"{Watch}&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "application/json;as=Table;v=v1;g=meta.k8s.io");
        var bookmark = await watch.NextAsync();
        Assert.Equal("BOOKMARK", bookmark!["type"]!.GetValue<string>());
        Assert.Equal(3, bookmark["object"]!["columnDefinitions"]!.AsArray().Count);
        Assert.Equal("true", bookmark["object"]!["rows"]![0]!["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>());
        await api.CreateJobAsync("a");
        var added = await watch.NextAsync();
        Assert.Null(added!["object"]!["columnDefinitions"]);
        Assert.Equal("a", added["object"]!["rows"]![0]!["cells"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Legacy_watch_path_works()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        await using var watch = await WatchStream.OpenAsync(api, "/apis/kubeflow.org/v1/watch/namespaces/gold/tfjobs?timeoutSeconds=1");
        Assert.Equal("ADDED a", await watch.NextNameAsync());
        Assert.Null(await watch.NextAsync());
    }

    private static Task WriteAsync(TestApi api, int writers, int objects) => Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
    {
        for (var number = 0; number < objects; number++)
        {
            var name = $"w{writer}-{number}";
            await api.CreateJobAsync(name);
            await api.MergeAsync($"{TestApi.Jobs}/{name}", """{"spec":{"replicas":3}}""");
            if (number % 3 == 0)
            {
                await api.SendAsync(HttpMethod.Delete, $"{TestApi.Jobs}/{name}");
            }
        }
    }));

    /// <summary>The objects a client knows that has followed until <paramref name="end"/>; fails on a gap, a repetition or a step back.</summary>
    private static async Task<Dictionary<string, string>> ReplayAsync(WatchStream watch, string end, IEnumerable<JsonNode> listed)
    {
        var known = listed.ToDictionary(Name, item => item.ToJsonString());
        var seen = 0L;
        while (await watch.NextAsync() is { } next)
        {
            var item = next["object"]!;
            var type = next["type"]!.GetValue<string>();
            if (type == "BOOKMARK")
            {
                seen = Version(item);
                continue;
            }

            // The objects there at the start come in the order of their names.
            Assert.True(Version(item) > seen || type == "ADDED", $"{type} {Name(item)} at {Version(item)} after {seen}");
            seen = Math.Max(seen, Version(item));
            switch (type)
            {
                case "ADDED":
                    Assert.True(known.TryAdd(Name(item), item.ToJsonString()), $"{Name(item)} was added twice");
                    break;
                case "MODIFIED":
                    Assert.True(known.ContainsKey(Name(item)), $"{Name(item)} was modified before it was added");
                    known[Name(item)] = item.ToJsonString();
                    break;
                default:
                    Assert.True(known.Remove(Name(item)), $"{Name(item)} was deleted before it was added");
                    break;
            }

            if (item["metadata"]!["resourceVersion"]!.GetValue<string>() == end)
            {
                return known;
            }
        }

        Assert.Fail("The watch ended before the last write.");
        return known;
    }

    private static string Name(JsonNode item) => item["metadata"]!["name"]!.GetValue<string>();

    private static long Version(JsonNode item) => long.Parse(item["metadata"]!["resourceVersion"]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
