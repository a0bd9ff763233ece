using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

public sealed class ListTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TestApi.Jobs)]
    [InlineData("/apis/kubeflow.org/v1/tfjobs")]
    public async Task Pages_show_one_state_while_others_write(string path)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        for (var number = 0; number < 7; number++)
        {
            await api.CreateJobAsync($"j{number}");
        }

        var names = new List<string>();
        var query = "?limit=2";
        string? position = null;
        do
        {
            var (_, page) = await api.GetAsync(path + query);
            names.AddRange(page["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>()));
            position ??= page["metadata"]!["resourceVersion"]!.GetValue<string>();
            Assert.Equal(position, page["metadata"]!["resourceVersion"]!.GetValue<string>());
            await api.CreateJobAsync($"j0-{names.Count}");
            await api.SendAsync(HttpMethod.Delete, $"{TestApi.Jobs}/j6");
            query = page["metadata"]!["continue"]!.GetValue<string>() is { Length: > 0 } next ? $"?limit=2&continue={next}" : "";
        }
        while (query.Length > 0);

        Assert.Equal(["j0", "j1", "j2", "j3", "j4", "j5", "j6"], names);
    }

    [Fact]
    public async Task Expired_continuation_offers_an_inconsistent_one()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await api.CreateJobAsync(name);
        }

        var (_, first) = await api.GetAsync(TestApi.Jobs + "?limit=1");
        await api.CreateJobAsync("d");
        await api.CreateJobAsync("e");
        await api.Store.TrimAsync(await api.Store.HeadAsync(Cancelled), Cancelled);
        var (code, expired) = await api.GetAsync($"{TestApi.Jobs}?limit=1&continue={first["metadata"]!["continue"]}");
        Assert.Equal(410, code);
        Assert.Equal("Expired", expired["reason"]!.GetValue<string>());
        var (_, rest) = await api.GetAsync($"{TestApi.Jobs}?continue={expired["metadata"]!["continue"]}");
        Assert.Equal(["b", "c", "d", "e"], rest["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Exact_version_lists_the_past()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var then = (await api.CreateJobAsync("a"))["metadata"]!["resourceVersion"]!.GetValue<string>();
        await api.CreateJobAsync("b");
        await api.SendAsync(HttpMethod.Delete, TestApi.Jobs + "/a");
        var (_, past) = await api.GetAsync($"{TestApi.Jobs}?resourceVersion={then}&resourceVersionMatch=Exact");
        Assert.Equal("a", past["items"]!.AsArray().Single()!["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal(then, past["metadata"]!["resourceVersion"]!.GetValue<string>());
        var (_, now) = await api.GetAsync($"{TestApi.Jobs}?resourceVersion={then}");
        Assert.Equal("b", now["items"]!.AsArray().Single()!["metadata"]!["name"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("labelSelector=team%3Dred", "a,c")]
    [InlineData("labelSelector=team+notin+(red)", "b")]
    [InlineData("fieldSelector=spec.queue%3Dslow", "b")]
    [InlineData("fieldSelector=metadata.name%3Dc", "c")]
    [InlineData("fieldSelector=metadata.name%3Dbb", "")]
    [InlineData("fieldSelector=metadata.name!%3Dc", "a,b")]
    [InlineData("fieldSelector=metadata.name%3Dc&labelSelector=team%3Dblue", "")]
    [InlineData("labelSelector=team%3Dred&limit=1", "a")]
    public async Task Selectors_choose(string query, string expected)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a", ",\"labels\":{\"team\":\"red\"}");
        await api.CreateJobAsync("b", "", "\"queue\":\"slow\"");
        await api.CreateJobAsync("c", ",\"labels\":{\"team\":\"red\"}");
        var (_, list) = await api.GetAsync($"{TestApi.Jobs}?{query}");
        Assert.Equal(expected, string.Join(',', list["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>())));
        Assert.Null(list["metadata"]!["remainingItemCount"]);
    }

    [Fact]
    public async Task Large_list_is_compressed_for_who_asks()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a", $",\"annotations\":{{\"filler\":\"{new string('x', 200_000)}\"}}");
        using var request = new HttpRequestMessage(HttpMethod.Get, TestApi.Jobs);
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var response = await api.Client.SendAsync(request, Cancelled);
        Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
        await using var plain = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(Cancelled), System.IO.Compression.CompressionMode.Decompress);
        Assert.Single((await JsonNode.ParseAsync(plain, cancellationToken: Cancelled))!["items"]!.AsArray());
    }

    [Fact]
    public async Task Head_is_get_without_the_body()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        using var request = new HttpRequestMessage(HttpMethod.Head, TestApi.Jobs + "/a");
        using var response = await api.Client.SendAsync(request, Cancelled);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 100);
        Assert.True(response.Headers.Contains("Audit-Id"));
    }

    [Fact]
    public async Task Pretty_answers_are_indented()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        Assert.Contains("\n  \"kind\": \"TFJob\"", await api.Client.GetStringAsync(new Uri(TestApi.Jobs + "/a?pretty=1", UriKind.Relative), Cancelled), StringComparison.Ordinal);
        Assert.DoesNotContain("\n  ", await api.Client.GetStringAsync(new Uri(TestApi.Jobs + "/a", UriKind.Relative), Cancelled), StringComparison.Ordinal);
    }
}
