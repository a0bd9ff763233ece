using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

/// <summary>Whatever is sent, the answer is a Status, nothing is stored, and the server serves on.</summary>
public sealed class BadInputTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[], int> Bodies => new()
    {
        { "empty", [], 400 },
        { "half an object", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"x"},"spec":{"que"""), 400 },
        { "not UTF-8", [.. Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"x"""), 0xff, 0xfe, .. Utf8("\"},\"spec\":{\"queue\":\"q\"}}")], 422 },
        { "an array", Utf8("[]"), 400 },
        { "a number", Utf8("5"), 400 },
        { "null", Utf8("null"), 400 },
        { "null bytes", new byte[100], 400 },
        { "deep arrays", Utf8(new string('[', 100_000)), 400 },
        { "deep objects", Utf8(TestApi.Job("x", "", $"\"queue\":\"q\",\"free\":{Nested(400)}")), 400 },
        { "numeric name", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":5},"spec":{"queue":"q"}}"""), 400 },
        { "metadata as text", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":"x","spec":{"queue":"q"}}"""), 400 },
        { "numeric label", Utf8(TestApi.Job("x", ",\"labels\":{\"a\":1}")), 400 },
        { "finalizers as text", Utf8(TestApi.Job("x", ",\"finalizers\":\"f\"")), 400 },
        { "owner without uid", Utf8(TestApi.Job("x", ",\"ownerReferences\":[{\"name\":\"o\"}]")), 422 },
        { "owner as number", Utf8(TestApi.Job("x", ",\"ownerReferences\":[7]")), 400 },
        { "numeric kind", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":5,"metadata":{"name":"x"}}"""), 400 },
        { "spec as list", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"x"},"spec":[]}"""), 422 },
        { "no spec", Utf8("""{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"x"}}"""), 201 },
        { "huge number", Utf8(TestApi.Job("x", "", "\"queue\":\"q\",\"replicas\":1e400")), 422 },
        { "bad label", Utf8(TestApi.Job("x", ",\"labels\":{\"-\":\"a b\"}")), 422 },
        { "name with a slash", Utf8(TestApi.Job("a/b")), 422 },
        { "long name", Utf8(TestApi.Job(new string('a', 254))), 422 },
        { "large annotations", Utf8(TestApi.Job("x", $",\"annotations\":{{\"a\":\"{new string('x', 262_145)}\"}}")), 422 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Bad_body_is_answered_with_a_status(string what, byte[] body, int expected)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        using var response = await api.Client.PostAsync(new Uri(TestApi.Jobs, UriKind.Relative), content, Cancelled);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
        Assert.True(expected == (int)response.StatusCode, $"{what}: {answer.ToJsonString()}");
        if (expected != 201)
        {
            Assert.Equal("Status", answer["kind"]!.GetValue<string>());
            Assert.Equal(expected, answer["code"]!.GetValue<int>());
            Assert.Empty((await api.GetAsync(TestApi.Jobs)).Body["items"]!.AsArray());
        }

        await api.CreateJobAsync("after");
    }

    [Theory]
    [InlineData("application/json-patch+json", "[{\"op\":\"add\",\"path\":\"/metadata\",\"value\":5}]", 422)]
    [InlineData("application/json-patch+json", "[{\"op\":\"remove\",\"path\":\"/spec\"},{\"op\":\"remove\",\"path\":\"/metadata/name\"}]", 200)]
    [InlineData("application/json-patch+json", "[5]", 422)]
    [InlineData("application/json-patch+json", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]", 422)]
    [InlineData("application/json-patch+json", "null", 200)]
    [InlineData("application/merge-patch+json", "null", 200)]
    [InlineData("application/merge-patch+json", "{\"metadata\":null}", 200)]
    [InlineData("application/merge-patch+json", "{\"metadata\":{\"labels\":5}}", 422)]
    [InlineData("application/merge-patch+json", "{\"spec\":null}", 200)]
    [InlineData("application/merge-patch+json", "{\"kind\":\"Other\"}", 422)]
    [InlineData("application/merge-patch+json", "{\"apiVersion\":\"other/v1\"}", 400)]
    [InlineData("application/merge-patch+json", "5", 400)]
    [InlineData("application/apply-patch+yaml", "{}", 422)]
    public async Task Odd_patch_is_applied_or_refused_but_never_half_applied(string contentType, string patch, int expected)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var before = await api.CreateJobAsync("a");
        var (code, body) = await api.SendAsync(HttpMethod.Patch, TestApi.Jobs + "/a", patch, contentType);
        Assert.True(expected == code, body.ToJsonString());
        var (_, after) = await api.GetAsync(TestApi.Jobs + "/a");
        Assert.Equal("a", after["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal(before["metadata"]!["uid"]!.GetValue<string>(), after["metadata"]!["uid"]!.GetValue<string>());
        if (expected != 200)
        {
            Assert.True(JsonNode.DeepEquals(before, after), after.ToJsonString());
        }
    }

    [Theory]
    [InlineData("?limit=-5", 200)]
    [InlineData("?limit=99999999999999999999", 400)]
    [InlineData("?labelSelector=a%3D%28", 400)]
    [InlineData("?watch=maybe&timeoutSeconds=x", 400)]
    [InlineData("?timeout=soon", 400)]
    [InlineData("?resourceVersion=-1", 400)]
    [InlineData("?continue=%2A", 400)]
    [InlineData("?continue=e30", 400)]
    [InlineData("?fieldSelector=metadata.name%3D", 200)]
    [InlineData("?fieldSelector=metadata.name%3Da,metadata.name%3Db", 200)]
    public async Task Odd_query_is_answered(string query, int expected)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        var (code, body) = await api.GetAsync(TestApi.Jobs + query);
        Assert.True(expected == code, body.ToJsonString());
    }

    [Theory]
    [InlineData("PUT", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a/scale", "{\"spec\":{\"replicas\":\"x\"}}", 400)]
    [InlineData("PUT", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a/scale", "{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",\"spec\":{\"replicas\":\"x\"}}", 400)]
    [InlineData("PUT", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a/scale", "{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",\"spec\":[]}", 400)]
    [InlineData("DELETE", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a", "{\"gracePeriodSeconds\":\"soon\"}", 400)]
    [InlineData("DELETE", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a", "{\"preconditions\":7}", 400)]
    [InlineData("DELETE", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a", "{bad", 400)]
    [InlineData("TRACE", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a", null, 405)]
    [InlineData("POST", "/apis/kubeflow.org/v1/namespaces/gold/tfjobs/a/status", "{}", 405)]
    public async Task Odd_request_is_refused(string method, string path, string? body, int expected)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        await api.CreateJobAsync("a");
        var (code, answer) = await api.SendAsync(new HttpMethod(method), path, body);
        Assert.True(expected == code, answer.ToJsonString());
        Assert.Equal(200, (await api.GetAsync(TestApi.Jobs + "/a")).Code);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
}
