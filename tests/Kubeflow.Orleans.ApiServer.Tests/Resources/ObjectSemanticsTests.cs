using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.Tests.Resources;

/// <summary>What the recording does not show of how objects live and die.</summary>
public sealed class ObjectSemanticsTests
{
    private const string Job = TestApi.Jobs + "/a";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dry_run_of_every_verb_writes_nothing()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a", ",\"finalizers\":[\"x.example/f\"]");
        var head = await api.Store.HeadAsync(Cancelled);
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Post, TestApi.Jobs + "?dryRun=All", TestApi.Job("b"))).Code);
        Assert.Equal(409, (await api.SendAsync(HttpMethod.Post, TestApi.Jobs + "?dryRun=All", TestApi.Job("a"))).Code);
        var (_, patched) = await api.MergeAsync(Job + "?dryRun=All", """{"spec":{"queue":"other"}}""");
        Assert.Equal("other", patched["spec"]!["queue"]!.GetValue<string>());
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, Job + "?dryRun=All")).Code);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, TestApi.Jobs + "?dryRun=All")).Code);
        Assert.Equal(head, await api.Store.HeadAsync(Cancelled));
    }

    [Fact]
    public async Task Reconciled_object_is_due_after_every_change_but_those_of_status()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a", ",\"finalizers\":[\"x.example/f\"]");
        await AssertDueAsync(api, expected: true);
        await ForgetWakeAsync(api);
        await api.MergeAsync(Job + "/status", """{"status":{"replicas":1}}""");
        await AssertDueAsync(api, expected: false);
        await api.MergeAsync(Job, """{"metadata":{"labels":{"a":"b"}}}""");
        await AssertDueAsync(api, expected: true);
        await ForgetWakeAsync(api);
        await api.MergeAsync(Job + "/scale", """{"spec":{"replicas":3}}""");
        await AssertDueAsync(api, expected: true);
        await ForgetWakeAsync(api);
        await api.SendAsync(HttpMethod.Delete, Job);
        await AssertDueAsync(api, expected: true);
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Delete_that_waits_for_the_garbage_collector_leaves_its_finalizer(string policy, string finalizer)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        var (code, body) = await api.SendAsync(HttpMethod.Delete, Job, $$"""{"propagationPolicy":"{{policy}}"}""");
        Assert.Equal(200, code);
        Assert.Equal(finalizer, body["metadata"]!["finalizers"]!.AsArray().Single()!.GetValue<string>());
        Assert.Equal(2, body["metadata"]!["generation"]!.GetValue<long>());

        // A later delete in the background takes the finalizer off again, and with it the object goes.
        var (_, gone) = await api.SendAsync(HttpMethod.Delete, Job, """{"propagationPolicy":"Background"}""");
        Assert.Equal("Success", gone["status"]!.GetValue<string>());
        Assert.Equal(404, (await api.GetAsync(Job)).Code);
    }

    [Fact]
    public async Task Graceful_object_ends_in_two_steps()
    {
        const string pod = "/api/v1/namespaces/gold/pods/p";
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.SendAsync(HttpMethod.Post, "/api/v1/namespaces/gold/pods", """{"metadata":{"name":"p"},"spec":{}}""");
        var (_, ending) = await api.SendAsync(HttpMethod.Delete, pod);
        Assert.Equal(30, ending["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<long>());
        var (_, again) = await api.SendAsync(HttpMethod.Delete, pod, """{"gracePeriodSeconds":60}""");
        Assert.True(JsonNode.DeepEquals(ending, again));
        var (_, shorter) = await api.SendAsync(HttpMethod.Delete, pod, """{"gracePeriodSeconds":5}""");
        Assert.Equal(5, shorter["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<long>());
        Assert.Equal(2, shorter["metadata"]!["generation"]!.GetValue<long>());
        Assert.Equal(
            DateTimeOffset.Parse(ending["metadata"]!["deletionTimestamp"]!.GetValue<string>(), null).AddSeconds(-25),
            DateTimeOffset.Parse(shorter["metadata"]!["deletionTimestamp"]!.GetValue<string>(), null));
        Assert.Equal(200, (await api.GetAsync(pod)).Code);
        var (_, gone) = await api.SendAsync(HttpMethod.Delete, pod, """{"gracePeriodSeconds":0}""");
        Assert.Equal("Pod", gone["kind"]!.GetValue<string>());
        Assert.Equal(404, (await api.GetAsync(pod)).Code);
    }

    [Fact]
    public async Task Nothing_new_is_created_in_a_namespace_that_ends()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.MergeAsync("/api/v1/namespaces/gold", """{"metadata":{"finalizers":["x.example/f"]}}""");
        await api.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/gold");
        var (code, body) = await api.SendAsync(HttpMethod.Post, TestApi.Jobs, TestApi.Job("a"));
        Assert.Equal(403, code);
        Assert.Equal(
            "tfjobs.kubeflow.org \"a\" is forbidden: unable to create new content in namespace gold because it is being terminated", body["message"]!.GetValue<string>());
        Assert.Equal("NamespaceTerminating", body["details"]!["causes"]![0]!["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Put_creates_what_is_missing_where_the_kind_allows_it()
    {
        const string lease = "/apis/coordination.k8s.io/v1/namespaces/gold/leases/l";
        await using var api = await TestApi.StartWithNamespaceAsync();
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Put, lease, """{"metadata":{"name":"l"},"spec":{"holderIdentity":"a"}}""")).Code);
        Assert.Equal(422, (await api.SendAsync(HttpMethod.Put, lease, """{"metadata":{"name":"l"},"spec":{"holderIdentity":"b"}}""")).Code);
    }

    [Fact]
    public async Task Object_is_served_in_every_version_of_its_kind()
    {
        const string lease = "/apis/coordination.k8s.io/v1beta1/namespaces/gold/leases";
        await using var api = await TestApi.StartWithNamespaceAsync();
        var (_, created) = await api.SendAsync(HttpMethod.Post, lease, """{"metadata":{"name":"l"},"spec":{"holderIdentity":"a"}}""");
        Assert.Equal("coordination.k8s.io/v1beta1", created["apiVersion"]!.GetValue<string>());
        var (_, list) = await api.GetAsync(lease);
        Assert.Equal("coordination.k8s.io/v1beta1", list["items"]![0]!["apiVersion"]!.GetValue<string>());
        var (_, preferred) = await api.GetAsync(lease.Replace("v1beta1", "v1", StringComparison.Ordinal) + "/l");
        Assert.Equal("coordination.k8s.io/v1", preferred["apiVersion"]!.GetValue<string>());
        var before = await api.Store.HeadAsync(Cancelled);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Put, lease + "/l", created.ToJsonString())).Code);
        Assert.Equal(before, await api.Store.HeadAsync(Cancelled));
    }

    [Fact]
    public async Task Generated_name_that_collides_eight_times_is_refused_with_a_hint_to_retry()
    {
        await using var api = await TestApi.StartWithNamespaceAsync(services => services.AddSingleton(new NameGeneration(() => "bbbbb")));
        const string body = """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"generateName":"g-"},"spec":{"queue":"q"}}""";
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Post, TestApi.Jobs, body)).Code);
        var (code, refusal) = await api.SendAsync(HttpMethod.Post, TestApi.Jobs, body);
        Assert.Equal(409, code);
        Assert.Equal(1, refusal["details"]!["retryAfterSeconds"]!.GetValue<int>());
        Assert.Contains("not able to generate a unique name", refusal["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generated_name_that_collides_is_tried_anew()
    {
        var suffixes = new Queue<string>(["bbbbb", "bbbbb", "ccccc"]);
        await using var api = await TestApi.StartWithNamespaceAsync(services => services.AddSingleton(new NameGeneration(suffixes.Dequeue)));
        const string body = """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"generateName":"g-"},"spec":{"queue":"q"}}""";
        await api.SendAsync(HttpMethod.Post, TestApi.Jobs, body);
        var (_, second) = await api.SendAsync(HttpMethod.Post, TestApi.Jobs, body);
        Assert.Equal("g-ccccc", second["metadata"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Modify_writes_spec_and_status_at_once_and_ends_the_object_with_its_last_finalizer()
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a", ",\"finalizers\":[\"x.example/f\"]");
        var key = new ResourceKey("tfjobs.kubeflow.org", "gold", "a");
        var modified = await api.Service.ModifyAsync(
            key,
            node =>
            {
                node["spec"]!["queue"] = "other";
                node["status"] = new JsonObject { ["replicas"] = 2 };
                return true;
            },
            Cancelled);
        Assert.Equal(2, modified!.Metadata.Generation);
        Assert.Equal(2, modified.Root.GetProperty("status").GetProperty("replicas").GetInt32());
        var head = await api.Store.HeadAsync(Cancelled);
        Assert.NotNull(await api.Service.ModifyAsync(key, _ => true, Cancelled));
        Assert.Equal(head, await api.Store.HeadAsync(Cancelled));
        await api.SendAsync(HttpMethod.Delete, Job);
        Assert.NotNull(await api.Service.ModifyAsync(key, node => node["metadata"]!.AsObject().Remove("finalizers"), Cancelled));
        Assert.Null(await api.Service.FindAsync(key, Cancelled));
        Assert.Null(await api.Service.ModifyAsync(key, _ => true, Cancelled));
    }

    private static async Task AssertDueAsync(TestApi api, bool expected)
    {
        var due = await api.Store.ReadDueAsync(TimeProvider.System.GetUtcNow(), Store.ShardRange.All, 10, Cancelled);
        Assert.Equal(expected, due.Any(entry => entry.Key.Name == "a"));
    }

    private static async Task ForgetWakeAsync(TestApi api)
    {
        var key = new ResourceKey("tfjobs.kubeflow.org", "gold", "a");
        var stored = await api.Store.GetAsync(key, Cancelled);
        await api.Store.WriteAsync([new Store.WakeOperation(key, stored!.Document.Metadata.ResourceVersion) { Wake = Store.Wake.Never }], Cancelled);
        await AssertDueAsync(api, expected: false);
    }
}
