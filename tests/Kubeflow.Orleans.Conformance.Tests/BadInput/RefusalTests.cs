using System.Text;
using System.Text.Json;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.BadInput;

/// <summary>What is wrong with a request is said in a Status of the right code that names the field; nothing is stored, the server goes on.</summary>
public sealed class RefusalTests(ControlPlane controlPlane)
{
    private const string Container = """{"name":"tensorflow","image":"busybox"}""";

    private static string Job(string replica = "", string spec = "", string metadata = "\"name\":\"bad\"", string container = Container) => $$"""
        {"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{ {{metadata}} },"spec":{ {{spec}} "tfReplicaSpecs":{"Worker":{ {{replica}} "template":{"spec":{"containers":[{{container}}]} } } } } }
        """;

    public static TheoryData<string, string, int, string> Bodies => new()
    {
        { "a text where a number belongs", Job(replica: "\"replicas\":\"two\","), 422, "spec.tfReplicaSpecs.Worker.replicas" },
        { "a number where a list belongs", """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"bad"},"spec":{"tfReplicaSpecs":{"Worker":{"template":{"spec":{"containers":7} } } } } }""", 422, "spec.tfReplicaSpecs.Worker.template.spec.containers" },
        { "a negative number of replicas", Job(replica: "\"replicas\":-1,"), 422, "spec.tfReplicaSpecs[Worker].replicas" },
        { "no replica specs", """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"bad"},"spec":{} }""", 422, "spec.tfReplicaSpecs" },
        { "no containers", """{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"bad"},"spec":{"tfReplicaSpecs":{"Worker":{"template":{"spec":{} } } } } }""", 422, "containers" },
        { "no container of the kind's name", Job(container: """{"name":"other","image":"busybox"}"""), 422, "tensorflow" },
        { "an unknown field", Job(spec: "\"unknownField\":1,"), 400, "spec.unknownField" },
        { "an unknown field deep inside", Job(container: """{"name":"tensorflow","image":"busybox","imagee":"x"}"""), 400, "spec.tfReplicaSpecs.Worker.template.spec.containers[0].imagee" },
        { "a field twice", Job(replica: "\"replicas\":1,\"replicas\":2,"), 400, "replicas" },
        { "a name with capitals", Job(metadata: "\"name\":\"Bad_Name\""), 422, "metadata.name" },
        { "a name that is too long", Job(metadata: $"\"name\":\"{new string('a', 300)}\""), 422, "metadata.name" },
        { "no name", Job(metadata: ""), 422, "metadata.name" },
        { "a label that is none", Job(metadata: "\"name\":\"bad\",\"labels\":{\"a\":\"not a label!\"}"), 422, "metadata.labels" },
        { "another namespace than the address says", Job(metadata: "\"name\":\"bad\",\"namespace\":\"elsewhere\""), 400, "namespace" },
        { "another kind than the address says", Job().Replace("TFJob", "PyTorchJob", StringComparison.Ordinal), 422, "must be TFJob" },
        { "no kind", Job().Replace("\"kind\":\"TFJob\",", "", StringComparison.Ordinal), 400, "Kind" },
        { "a list", "[1,2]", 400, "json" },
        { "half an object", Job()[..80], 400, "json" },
        { "nothing", "", 400, "<empty>" },
        { "text", "hello", 400, "json" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_bad_object_is_refused_by_its_field(string problem, string body, int code, string named)
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();

        var answer = await client.PostAsync($"{Jobs(team)}?fieldValidation=Strict", body);

        AssertRefused(answer, code, named, problem);
        Assert.Empty((await client.GetAsync(Jobs(team))).Items);
    }

    public static TheoryData<string, string, string, int, string> Patches => new()
    {
        { "a merge patch of the wrong type", "application/merge-patch+json", """{"spec":{"tfReplicaSpecs":{"Worker":{"replicas":"many"} } } }""", 422, "spec.tfReplicaSpecs.Worker.replicas" },
        { "a merge patch that takes away what is required", "application/merge-patch+json", """{"spec":{"tfReplicaSpecs":null} }""", 422, "spec.tfReplicaSpecs" },
        { "a merge patch that renames", "application/merge-patch+json", """{"metadata":{"name":"other"} }""", 400, "name" },
        { "a merge patch that is a list", "application/merge-patch+json", "[]", 400, "" },
        { "a JSON patch to a place that is not there", "application/json-patch+json", """[{"op":"replace","path":"/spec/nowhere/deep","value":1}]""", 422, "" },
        { "a JSON patch whose test fails", "application/json-patch+json", """[{"op":"test","path":"/metadata/name","value":"other"}]""", 422, "" },
        { "a JSON patch of an unknown operation", "application/json-patch+json", """[{"op":"explode","path":"/spec"}]""", 422, "" },
        { "a JSON patch that is an object", "application/json-patch+json", "{}", 400, "" },
        { "half a patch", "application/merge-patch+json", "{\"spec\":", 400, "patch" },
        { "a strategic patch, which custom kinds do not take", "application/strategic-merge-patch+json", "{}", 415, "media types" },
        { "a patch of no known type", "text/plain", "{}", 415, "media types" },
    };

    [Theory]
    [MemberData(nameof(Patches))]
    public async Task A_patch_that_does_not_apply_is_refused_and_changes_nothing(string problem, string contentType, string patch, int code, string named)
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var created = await client.PostAsync(Jobs(team), Job(metadata: "\"name\":\"good\"", spec: "\"runPolicy\":{\"suspend\":true},"));
        Assert.Equal(201, created.Code);

        var answer = await client.PatchAsync($"{Jobs(team)}/good?fieldValidation=Strict", patch, contentType);

        AssertRefused(answer, code, named, problem);
        var kept = (await client.GetAsync($"{Jobs(team)}/good")).Body;
        Assert.Equal(created.Body["spec"]!.ToJsonString(), kept["spec"]!.ToJsonString());
        Assert.Equal(1, (int)kept["metadata"]!["generation"]!);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        byte[] body = [.. Encoding.UTF8.GetBytes(Job(metadata: "\"name\":\"bad\",\"annotations\":{\"a\":\"")), 0xFF, 0xFE, 0xC0, 0x80];

        var answer = await client.SendAsync(HttpMethod.Post, Jobs(team), body, "application/json");

        AssertRefused(answer, 400, "", "invalid UTF-8");
    }

    [Theory]
    [InlineData("json", 100_000)]
    [InlineData("json", 20_000)]
    [InlineData("yaml", 20_000)]
    public async Task Deep_nesting_is_refused(string format, int depth)
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var nested = string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

        var answer = await client.PostAsync(Jobs(team), Job(spec: $"\"deep\":{nested},"), $"application/{format}");

        AssertRefused(answer, 400, "", $"{depth} levels of {format}");
    }

    [Fact]
    public async Task Yaml_that_multiplies_itself_is_refused()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var bomb = new StringBuilder("apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {name: bad}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var level = 1; level <= 12; level++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        }

        var answer = await client.PostAsync(Jobs(team), bomb.ToString(), "application/yaml");

        AssertRefused(answer, 400, "", "a YAML bomb");
    }

    [Fact]
    public async Task A_body_of_more_than_three_mebibytes_is_refused()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();
        var body = Job(metadata: $"\"name\":\"bad\",\"annotations\":{{\"a\":{JsonSerializer.Serialize(new string('x', 3 * 1024 * 1024))}}}");

        AssertRefused(await client.PostAsync(Jobs(team), body), 413, "", "3 MiB");
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();

        AssertRefused(await client.GetAsync($"{Jobs(team)}/nobody"), 404, "tfjobs.kubeflow.org \"nobody\" not found", "an unknown job");
        AssertRefused(await client.DeleteAsync($"{Jobs(team)}/nobody"), 404, "nobody", "deleting an unknown job");
        AssertRefused(await client.PatchAsync($"{Jobs(team)}/nobody", "{}"), 404, "nobody", "patching an unknown job");
        AssertRefused(await client.PostAsync(Jobs("nowhere"), Job()), 404, "namespaces \"nowhere\" not found", "an unknown namespace");
        Assert.Equal(404, (await client.GetAsync($"/apis/kubeflow.org/v1/namespaces/{team}/quantumjobs")).Code);
        Assert.Equal(404, (await client.PostAsync($"/apis/kubeflow.org/v9/namespaces/{team}/tfjobs", Job())).Code);
    }

    [Theory]
    [InlineData("limit=many")]
    [InlineData("labelSelector=a%3D%3D%3Db")]
    [InlineData("fieldSelector=spec.nonsense%3D1")]
    [InlineData("continue=nonsense")]
    [InlineData("resourceVersion=yesterday")]
    public async Task A_bad_query_is_refused(string query)
    {
        var team = await controlPlane.NewNamespaceAsync();
        using var client = controlPlane.NewClient();

        AssertRefused(await client.GetAsync($"{Jobs(team)}?{query}"), 400, "", query);
    }

    private static string Jobs(string team) => $"/apis/kubeflow.org/v1/namespaces/{team}/tfjobs";

    private static void AssertRefused(Answer answer, int code, string named, string problem)
    {
        Assert.True(answer.Code == code, $"{problem}: {answer}");
        Assert.Equal("Status", (string?)answer.Body["kind"]);
        Assert.Equal("Failure", (string?)answer.Body["status"]);
        Assert.Equal(code, (int?)answer.Body["code"]);
        Assert.NotEqual("", answer.Message);
        Assert.Contains(named, answer.Text.Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
