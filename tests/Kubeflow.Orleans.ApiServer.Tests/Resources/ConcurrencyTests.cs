using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Tests.Resources;

public sealed class ConcurrencyTests
{
    private const string Job = TestApi.Jobs + "/a";

    [Fact]
    public async Task Concurrent_patches_of_different_fields_are_all_applied()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");

        // A patch that meets five conflicts in a row is the client's to repeat, as kubectl does.
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            while ((await api.MergeAsync(Job, $$$$"""{"metadata":{"labels":{"l{{{{number}}}}":"x"}}}""")).Code == 409)
            {
            }
        }));
        var (_, after) = await api.GetAsync(Job);
        Assert.Equal(50, after["metadata"]!["labels"]!.AsObject().Count);
    }

    [Fact]
    public async Task Of_two_puts_over_the_same_version_one_conflicts()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var job = await api.CreateJobAsync("a");
        var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(number =>
        {
            var mine = job.DeepClone();
            mine["spec"]!["queue"] = $"q{number}";
            return api.SendAsync(HttpMethod.Put, Job, mine.ToJsonString());
        }));
        Assert.Equal([200, 409], answers.Select(answer => answer.Code).Order());
    }

    [Fact]
    public async Task Patch_that_names_a_version_is_not_carried_over_to_another()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var job = await api.CreateJobAsync("a");
        var version = job["metadata"]!["resourceVersion"]!.GetValue<string>();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(number =>
            api.MergeAsync(Job, $$$$"""{"metadata":{"resourceVersion":"{{{{version}}}}","labels":{"l{{{{number}}}}":"x"}}}""")));
        Assert.Single(answers, answer => answer.Code == 200);
        Assert.Equal(9, answers.Count(answer => answer.Code == 409));
    }

    [Fact]
    public async Task Of_many_creates_of_one_name_one_wins()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.SendAsync(HttpMethod.Post, TestApi.Jobs, TestApi.Job("a"))));
        Assert.Single(answers, answer => answer.Code == 201);
        Assert.Equal(19, answers.Count(answer => answer.Code == 409));
    }

    [Fact]
    public async Task Unconditional_puts_of_a_built_in_kind_never_conflict()
    {
        const string map = "/api/v1/namespaces/gold/configmaps";
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.SendAsync(HttpMethod.Post, map, """{"metadata":{"name":"m"},"data":{}}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            api.SendAsync(HttpMethod.Put, map + "/m", $$$"""{"metadata":{"name":"m"},"data":{"k":"{{{number}}}"}}""")));
        Assert.All(answers, answer => Assert.True(answer.Code == 200, answer.Body.ToJsonString()));
    }
}
