using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Tests.Kinds;

namespace Kubeflow.Orleans.ApiServer.Tests.Resources;

/// <summary>What the recording does not show of server-side apply and managedFields.</summary>
public sealed class ApplyTests
{
    private const string Job = TestApi.Jobs + "/a";

    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Apply_of_yaml_creates_then_changes()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        const string yaml = "apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata:\n  labels: {l: one}\nspec:\n  queue: q\n";
        Assert.Equal(201, (await ApplyAsync(api, Job, yaml, "m")).Code);
        var (code, body) = await ApplyAsync(api, Job, yaml.Replace("queue: q", "queue: r", StringComparison.Ordinal), "m");
        Assert.Equal(200, code);
        Assert.Equal("r", body["spec"]!["queue"]!.GetValue<string>());
        Assert.Equal(2, body["metadata"]!["generation"]!.GetValue<long>());
    }

    [Fact]
    public async Task Applies_at_once_to_an_object_that_is_not_there_all_succeed()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var applies = Enumerable.Range(0, 4).Select(number => ApplyAsync(api, Job, Applied($"\"queue\":\"q\",\"tags\":[\"t{number}\"]"), $"m{number}"));
        var codes = (await Task.WhenAll(applies)).Select(answer => answer.Code).ToArray();
        Assert.Single(codes, 201);
        Assert.Equal(3, codes.Count(code => code == 200));
        var (_, body) = await api.GetAsync(Job);
        Assert.Equal(4, body["spec"]!["tags"]!.AsArray().Count);
        Assert.Equal(4, Managers(body).Count);
    }

    [Fact]
    public async Task Dry_run_of_an_apply_writes_nothing()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var head = await api.Store.HeadAsync(Cancelled);
        Assert.Equal(201, (await ApplyAsync(api, Job, Applied("\"queue\":\"q\""), "m&dryRun=All")).Code);
        Assert.Equal(head, await api.Store.HeadAsync(Cancelled));
    }

    [Fact]
    public async Task Apply_that_names_an_old_version_conflicts()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await ApplyAsync(api, Job, Applied("\"queue\":\"q\""), "m");
        var (code, body) = await ApplyAsync(api, Job, TestApi.Job("a", ",\"resourceVersion\":\"1\""), "m");
        Assert.Equal((409, "Conflict"), (code, body["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Apply_to_another_name_than_the_urls_is_refused()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        Assert.Equal(400, (await ApplyAsync(api, Job, TestApi.Job("b"), "m")).Code);
    }

    [Fact]
    public async Task Apply_to_the_scale_of_an_object_conflicts_with_who_owns_its_replicas()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await ApplyAsync(api, Job, Applied("\"queue\":\"q\",\"replicas\":2"), "m");
        const string scale = """{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":5}}""";
        var (code, body) = await ApplyAsync(api, Job + "/scale", scale, "s");
        Assert.Equal((409, "Apply failed with 1 conflict: conflict with \"m\": .spec.replicas"), (code, body["message"]!.GetValue<string>()));
        Assert.Equal(200, (await ApplyAsync(api, Job + "/scale", scale, "s&force=true")).Code);
        var (_, job) = await api.GetAsync(Job);
        Assert.Equal(5, job["spec"]!["replicas"]!.GetValue<int>());
        Assert.Equal(["m Apply ", "s Apply scale"], Managers(job));
    }

    [Fact]
    public async Task Kubectl_takes_along_what_it_applied_on_its_own_side()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var applied = Applied("\"queue\":\"q\"");
        var annotated = JsonNode.Parse(applied)!;
        annotated["metadata"]!["annotations"] = new JsonObject { [LastApplied] = applied };
        await api.SendAsync(HttpMethod.Post, TestApi.Jobs + "?fieldManager=kubectl-client-side-apply", annotated.ToJsonString());
        Assert.Equal(409, (await ApplyAsync(api, Job, Applied("\"queue\":\"other\""), "somebody")).Code);
        var (code, body) = await ApplyAsync(api, Job, Applied("\"queue\":\"other\""), "kubectl");
        Assert.Equal((200, "other"), (code, body["spec"]!["queue"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Unconditional_reset_is_a_list_of_one_empty_entry_only()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        var (_, kept) = await api.MergeAsync(Job, """{"metadata":{"managedFields":[]}}""");
        Assert.Single(Managers(kept));
        var (_, reset) = await api.MergeAsync(Job, """{"metadata":{"managedFields":[{}]}}""");
        Assert.Empty(Managers(reset));
        var (_, updated) = await api.MergeAsync(Job, """{"spec":{"queue":"later"}}""");
        Assert.Empty(Managers(updated));
    }

    [Fact]
    public async Task Client_may_rewrite_the_managers_by_a_json_patch()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        const string patch = """
            [{"op":"replace","path":"/metadata/managedFields","value":[
              {"manager":"kubectl","operation":"Apply","apiVersion":"kubeflow.org/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:queue":{}}}}]}]
            """;
        var (code, body) = await api.SendAsync(HttpMethod.Patch, Job, patch, "application/json-patch+json");
        Assert.Equal(200, code);
        Assert.Equal(["kubectl Apply "], Managers(body));
    }

    [Fact]
    public async Task Writes_of_controllers_leave_no_entries()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var kind = new GoldenJobKind();
        var body = JsonNode.Parse(TestApi.Job("c"))!.AsObject();
        await api.Service.CreateAsync(kind, "v1", "gold", body, RequestOptions.Default, Cancelled);
        var (_, created) = await api.GetAsync(TestApi.Jobs + "/c");
        Assert.Empty(Managers(created));
        var (_, updated) = await api.MergeAsync(TestApi.Jobs + "/c", """{"metadata":{"labels":{"a":"b"}}}""");
        Assert.Empty(Managers(updated));
    }

    private static string Applied(string spec) => TestApi.Job("a", spec: spec);

    private static Task<(int Code, JsonNode Body)> ApplyAsync(TestApi api, string path, string configuration, string manager) =>
        api.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}", configuration, "application/apply-patch+yaml");

    private static IReadOnlyList<string> Managers(JsonNode document) => document["metadata"]!["managedFields"] is JsonArray entries
        ? [.. entries.Select(entry => $"{entry!["manager"]} {entry["operation"]} {entry["subresource"]}").Order(StringComparer.Ordinal)]
        : [];
}
