using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Tests.Golden;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

/// <summary>kubectl 1.32 and later, helm and every typed Go client send built-in kinds in protobuf and never try JSON instead.</summary>
public sealed class ProtobufBodyTests
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Namespace", "/api/v1/namespaces")]
    [InlineData("ConfigMap", "/api/v1/namespaces/gold/configmaps")]
    public async Task Create_by_kubectl_in_protobuf_is_answered_in_json(string kind, string path)
    {
        var (body, decoded) = Recorded(kind);
        await using var api = await TestApi.StartWithNamespaceAsync();
        var (code, created) = await PostAsync(api, path, body);
        Assert.Equal(201, code);
        Assert.Equal(decoded["metadata"]!["name"]!.GetValue<string>(), created["metadata"]!["name"]!.GetValue<string>());
        Assert.True(JsonNode.DeepEquals(decoded["data"], created["data"]));
    }

    [Theory]
    [InlineData(TestApi.Jobs, 415, 415)]
    [InlineData("/api/v1/namespaces/gold/configmaps", 422, 400)]
    public async Task Protobuf_of_another_kind_and_what_is_none_are_refused(string path, int anotherKind, int none)
    {
        await using var api = await TestApi.StartWithNamespaceAsync();
        Assert.Equal(anotherKind, (await PostAsync(api, path, Recorded("Namespace").Body)).Code);
        Assert.Equal(none, (await PostAsync(api, path, "{}"u8.ToArray())).Code);
    }

    private static async Task<(int Code, JsonNode Body)> PostAsync(TestApi api, string path, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(Protobuf);
        request.Headers.Accept.ParseAdd($"{Protobuf},application/json");
        using var response = await api.Client.SendAsync(request, Cancelled);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!);
    }

    private static (byte[] Body, JsonNode Decoded) Recorded(string kind)
    {
        var line = File.ReadLines(Fixtures.Require("apimachinery/protobuf-bodies.jsonl")).Select(line => JsonNode.Parse(line)!)
            .First(line => line["decoded"]!["kind"]!.GetValue<string>() == kind);
        return (Convert.FromBase64String(line["b64"]!.GetValue<string>()), line["decoded"]!);
    }
}
