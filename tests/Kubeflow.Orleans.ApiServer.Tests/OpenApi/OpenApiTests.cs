using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Tests.Discovery;
using Xunit;

namespace Kubeflow.Orleans.ApiServer.Tests.OpenApi;

public sealed class OpenApiTests : IAsyncLifetime
{
    private SampleServer server = null!;

    public async ValueTask InitializeAsync() => server = await SampleServer.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Index_leads_to_documents_that_never_change()
    {
        var url = (await JsonAsync("/openapi/v3"))["paths"]!["apis/kubeflow.org/v1"]!["serverRelativeURL"]!.GetValue<string>();

        using var right = await server.GetAsync(url, "application/json", TestContext.Current.CancellationToken);
        using var wrong = await server.GetAsync("/openapi/v3/apis/kubeflow.org/v1?hash=OLD", "application/json", TestContext.Current.CancellationToken);
        using var none = await server.GetAsync("/openapi/v3/apis/kubeflow.org/v1", "application/json", TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "public, immutable"), (right.StatusCode, right.Headers.GetValues("Cache-Control").Single()));
        Assert.Equal((HttpStatusCode.MovedPermanently, url), (wrong.StatusCode, wrong.Headers.Location!.ToString()));
        Assert.Equal((HttpStatusCode.OK, true), (none.StatusCode, none.Headers.CacheControl!.NoCache));
    }

    [Theory]
    [InlineData("/openapi/v2", "#/definitions/")]
    [InlineData("/openapi/v3/api/v1", "#/components/schemas/")]
    [InlineData("/openapi/v3/apis/apps/v1", "#/components/schemas/")]
    [InlineData("/openapi/v3/apis/kubeflow.org/v1", "#/components/schemas/")]
    [InlineData("/openapi/v3/apis/kubeflow.org/v1beta1", "#/components/schemas/")]
    public async Task Every_reference_leads_to_a_definition(string path, string prefix)
    {
        var document = await JsonAsync(path);
        var definitions = (document["definitions"] ?? document["components"]!["schemas"])!.AsObject();

        var references = All(document).OfType<JsonObject>().Select(node => node["$ref"]).OfType<JsonNode>().Select(reference => reference.GetValue<string>()).Distinct().ToList();

        Assert.Contains($"{prefix}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", references);
        Assert.All(references, reference => Assert.True(reference.StartsWith(prefix, StringComparison.Ordinal) && definitions.ContainsKey(reference[prefix.Length..]), reference));
    }

    [Theory]
    [InlineData("/openapi/v2")]
    [InlineData("/openapi/v3/api/v1")]
    [InlineData("/openapi/v3/apis/kubeflow.org/v1")]
    public async Task Every_patch_offers_field_validation(string path)
    {
        var patches = (await JsonAsync(path))["paths"]!.AsObject().Select(item => item.Value!["patch"]).OfType<JsonNode>().ToList();

        Assert.NotEmpty(patches);
        Assert.All(patches, patch => Assert.Contains(patch["parameters"]!.AsArray(), parameter => parameter!["name"]!.GetValue<string>() == "fieldValidation"));
    }

    [Theory]
    [InlineData("/openapi/v3/api/v1", "/api/v1/namespaces/{namespace}/pods/{name}", true)]
    [InlineData("/openapi/v3/apis/kubeflow.org/v1", "/apis/kubeflow.org/v1/namespaces/{namespace}/tfjobs/{name}", false)]
    public async Task Strategic_merge_is_offered_for_Kubernetes_own_kinds_only(string document, string path, bool expected)
    {
        var content = (await JsonAsync(document))["paths"]![path]!["patch"]!["requestBody"]!["content"]!.AsObject();

        Assert.Equal(expected, content.ContainsKey("application/strategic-merge-patch+json"));
        Assert.True(content.ContainsKey("application/apply-patch+yaml"));
    }

    [Fact]
    public async Task Paths_operations_and_names_are_those_of_the_recording()
    {
        var recorded = JsonNode.Parse(await File.ReadAllTextAsync(Fixtures.Path("apimachinery/openapi-v3-kubeflow.org-v1.json"), TestContext.Current.CancellationToken))!;
        var ours = await JsonAsync("/openapi/v3/apis/kubeflow.org/v1");

        Assert.Equal(Operations(recorded), Operations(ours));
        var missing = recorded["components"]!["schemas"]!.AsObject().Select(schema => schema.Key).Except(ours["components"]!["schemas"]!.AsObject().Select(schema => schema.Key));
        Assert.Equal(["io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", "io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo", "io.k8s.apimachinery.pkg.apis.meta.v1.Time"], missing.Order(StringComparer.Ordinal));

        static IEnumerable<string> Operations(JsonNode document) => document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Where(member => member.Key != "parameters").Select(operation =>
                $"{operation.Key} {path.Key} {operation.Value!["operationId"]} {operation.Value["x-kubernetes-action"]} {operation.Value["x-kubernetes-group-version-kind"]!["kind"]}"))
            .Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Kinds_carry_their_group_version_kind_and_merge_rules()
    {
        var kubeflow = (await JsonAsync("/openapi/v3/apis/kubeflow.org/v1"))["components"]!["schemas"]!;
        var core = (await JsonAsync("/openapi/v3/api/v1"))["components"]!["schemas"]!;
        var containers = core["io.k8s.api.core.v1.PodSpec"]!["properties"]!["containers"]!;

        Assert.Equal("""[{"group":"kubeflow.org","kind":"TFJob","version":"v1"}]""", kubeflow["org.kubeflow.v1.TFJob"]!["x-kubernetes-group-version-kind"]!.ToJsonString());
        Assert.Equal("""[{"group":"","kind":"Pod","version":"v1"}]""", core["io.k8s.api.core.v1.Pod"]!["x-kubernetes-group-version-kind"]!.ToJsonString());
        Assert.Equal(("merge", "name", "map"), (containers["x-kubernetes-patch-strategy"]!.ToString(), containers["x-kubernetes-patch-merge-key"]!.ToString(), containers["x-kubernetes-list-type"]!.ToString()));
        Assert.Equal("#/components/schemas/io.k8s.api.core.v1.Container", containers["items"]!["$ref"]!.ToString());
    }

    [Fact]
    public async Task Version_2_says_nothing_where_more_is_allowed_than_it_can_say()
    {
        var spec = (await JsonAsync("/openapi/v2"))["definitions"]!["org.kubeflow.v1.TFJob"]!["properties"]!["spec"]!["properties"]!;

        Assert.Null(spec["policy"]!["type"]);
        Assert.Null(spec["free"]!["properties"]);
        Assert.Equal("set", spec["tags"]!["x-kubernetes-list-type"]!.ToString());
    }

    [Fact]
    public async Task Version_2_in_protobuf_reads_back_as_the_same_document()
    {
        using var response = await server.GetAsync("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", TestContext.Current.CancellationToken);
        var json = await JsonAsync("/openapi/v2");
        var document = new ProtobufFields(
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), "Document", ProtobufFields.ReadTable(Fixtures.Path("apimachinery/gnostic-openapiv2-fields.tsv")));

        Assert.Equal("application/com.github.proto-openapi.spec.v2.v1.0+protobuf", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("2.0", document.Text("swagger"));
        Assert.Equal(json["paths"]!.AsObject().Select(path => path.Key), document.Message("paths").Messages("path").Select(path => path.Text("name")));
        Assert.Equal(json["definitions"]!.AsObject().Select(definition => definition.Key), document.Message("definitions").Messages("additional_properties").Select(definition => definition.Text("name")));
        Assert.True(document.CountAll() > 5000);

        var job = document.Message("definitions").Messages("additional_properties").Single(definition => definition.Text("name") == "org.kubeflow.v1.TFJob").Message("value");
        var spec = job.Message("properties").Messages("additional_properties").Single(property => property.Text("name") == "spec").Message("value");
        Assert.Equal(("object", "What to run."), (spec.Message("type").Text("value"), spec.Text("description")));
        Assert.Equal(["queue"], spec.Texts("required"));
        Assert.Equal("""[{"group":"kubeflow.org","kind":"TFJob","version":"v1"}]""", job.Messages("vendor_extension").Single().Message("value").Text("yaml"));
    }

    [Fact]
    public async Task A_client_that_takes_gzip_gets_the_same_bytes_smaller()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v2");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var compressed = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        await using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        var document = await JsonNode.ParseAsync(gzip, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
        Assert.True(JsonNode.DeepEquals(await JsonAsync("/openapi/v2"), document));
        Assert.True(compressed.Length < 200_000, $"{compressed.Length} bytes");
    }

    private async Task<JsonNode> JsonAsync(string path)
    {
        using var response = await server.GetAsync(path, "application/json", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    private static IEnumerable<JsonNode> All(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => All(field.Value)).Prepend(fields),
        JsonArray items => items.SelectMany(All).Prepend(items),
        null => [],
        _ => [node],
    };
}
