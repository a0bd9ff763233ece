using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.ApiServer.Tests.Discovery;

public sealed class DiscoveryTests : IAsyncLifetime
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private SampleServer server = null!;

    public async ValueTask InitializeAsync() => server = await SampleServer.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Version_is_one_that_clients_can_parse()
    {
        var version = await JsonAsync("/version");

        Assert.Equal(("1", "36", "v1.36.2+kubeflow-orleans"), (Text(version["major"]), Text(version["minor"]), Text(version["gitVersion"])));
    }

    [Fact]
    public async Task Api_names_the_core_version_and_the_address_the_client_used() => Assert.Equal(
        $$"""{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"{{server.Address.Authority}}"}]}""",
        (await JsonAsync("/api")).ToJsonString());

    [Fact]
    public async Task Apis_lists_groups_with_the_stable_version_first() => Assert.Equal(
        """{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},{"name":"kubeflow.org","versions":[{"groupVersion":"kubeflow.org/v1","version":"v1"},{"groupVersion":"kubeflow.org/v1beta1","version":"v1beta1"}],"preferredVersion":{"groupVersion":"kubeflow.org/v1","version":"v1"}}]}""",
        (await JsonAsync("/apis")).ToJsonString());

    [Fact]
    public async Task A_group_version_lists_its_resources_and_their_subresources()
    {
        var resources = (await JsonAsync("/apis/kubeflow.org/v1"))["resources"]!.AsArray();

        Assert.Equal(["tfjobs", "tfjobs/scale", "tfjobs/status"], resources.Select(resource => Text(resource!["name"])));
        Assert.Equal("""{"name":"tfjobs/scale","singularName":"","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get","patch","update"]}""", resources[1]!.ToJsonString());
        Assert.Equal(["experiments", "tfjobs", "tfjobs/scale", "tfjobs/status"], (await JsonAsync("/apis/kubeflow.org/v1beta1"))["resources"]!.AsArray().Select(resource => Text(resource!["name"])));
    }

    [Fact]
    public async Task A_recorded_core_resource_is_described_alike()
    {
        var recorded = JsonNode.Parse(await File.ReadAllTextAsync(Fixtures.Path("apimachinery/discovery-plain-api-v1.json"), TestContext.Current.CancellationToken))!;
        var ours = (await JsonAsync("/api/v1"))["resources"]!.AsArray();
        var theirs = recorded["resources"]!.AsArray();

        foreach (var name in (string[])["nodes", "nodes/status", "pods/log", "pods/status"])
        {
            Assert.True(JsonNode.DeepEquals(Find(theirs, name), WithoutShortNames(Find(ours, name), Find(theirs, name))), $"{Find(theirs, name).ToJsonString()} but {Find(ours, name).ToJsonString()}");
        }
    }

    [Theory]
    [InlineData("/apis", "kubeflow.org")]
    [InlineData("/api", "")]
    public async Task Aggregated_discovery_is_answered_with_the_exact_type_and_can_be_cached(string path, string group)
    {
        using var response = await server.GetAsync(path, Aggregated, TestContext.Current.CancellationToken);
        var type = response.Content.Headers.NonValidated["Content-Type"].ToString();
        var document = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        using var again = await server.GetAsync(path, Aggregated, TestContext.Current.CancellationToken, response.Headers.ETag!.Tag);

        Assert.Equal("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", type);
        Assert.Contains("Accept", response.Headers.Vary);
        Assert.Matches("^\"[0-9A-F]{128}\"$", response.Headers.ETag.Tag);
        Assert.Equal("apidiscovery.k8s.io/v2", Text(document["apiVersion"]));
        Assert.Contains(document["items"]!.AsArray(), item => Text(item!["metadata"]!["name"] ?? "") == group);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Aggregated_entry_of_a_custom_kind_matches_the_recording()
    {
        var recorded = JsonNode.Parse(await File.ReadAllTextAsync(Fixtures.Path("apimachinery/discovery-agg-apis.json"), TestContext.Current.CancellationToken))!;

        var ours = Entry(await JsonAsync("/apis", Aggregated));

        Assert.True(JsonNode.DeepEquals(Sorted(Entry(recorded)), Sorted(ours)), ours.ToJsonString());

        static JsonNode Entry(JsonNode document) => document["items"]!.AsArray().Single(item => Text(item!["metadata"]!["name"]) == "kubeflow.org")!["versions"]![0]!["resources"]![0]!;
    }

    [Theory]
    [InlineData("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json", "apidiscovery.k8s.io/v2beta1")]
    [InlineData("application/json, */*", "v1")]
    [InlineData("application/vnd.kubernetes.protobuf,application/json", "v1")]
    public async Task Apis_answers_what_the_client_can_read(string accept, string apiVersion) => Assert.Equal(apiVersion, Text((await JsonAsync("/apis", accept))["apiVersion"]));

    [Fact]
    public async Task Apis_for_a_client_that_reads_protobuf_only_is_not_acceptable()
    {
        using var response = await server.GetAsync("/apis", "application/vnd.kubernetes.protobuf", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
    }

    [Theory]
    [InlineData("/apis/none.example.org")]
    [InlineData("/apis/kubeflow.org/v9")]
    [InlineData("/api/v2")]
    public async Task An_unknown_group_or_version_is_answered_in_plain_text(string path)
    {
        using var response = await server.GetAsync(path, "application/json", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("404 page not found\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<JsonNode> JsonAsync(string path, string accept = "application/json")
    {
        using var response = await server.GetAsync(path, accept, TestContext.Current.CancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    private static JsonObject Find(JsonArray resources, string name) => resources.Single(resource => Text(resource!["name"]) == name)!.AsObject();

    /// <summary>The sample kinds need not repeat short names to be compared.</summary>
    private static JsonNode WithoutShortNames(JsonObject ours, JsonObject theirs)
    {
        var compared = ours.DeepClone().AsObject();
        if (theirs["shortNames"] is { } shortNames)
        {
            compared["shortNames"] = shortNames.DeepClone();
        }

        return compared;
    }

    /// <summary>The order of verbs and subresources means nothing.</summary>
    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonArray items => new JsonArray([.. items.Select(item => Sorted(item!)).OrderBy(item => item.ToJsonString(), StringComparer.Ordinal)]),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)Sorted(field.Value!)))),
        _ => node.DeepClone(),
    };

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";
}
