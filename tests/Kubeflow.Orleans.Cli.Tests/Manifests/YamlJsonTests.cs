using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Manifests;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Manifests;

public sealed class YamlJsonTests
{
    [Theory]
    [InlineData("a: 1", """{"a":1}""")]
    [InlineData("a: 1.5", """{"a":1.5}""")]
    [InlineData("a: -3e2", """{"a":-300}""")]
    [InlineData("a: true", """{"a":true}""")]
    [InlineData("a: yes", """{"a":"yes"}""")]
    [InlineData("a: '1'", """{"a":"1"}""")]
    [InlineData("a: \"true\"", """{"a":"true"}""")]
    [InlineData("a: ~", """{"a":null}""")]
    [InlineData("a:", """{"a":null}""")]
    [InlineData("a: 100m", """{"a":"100m"}""")]
    [InlineData("a: 1.2.3", """{"a":"1.2.3"}""")]
    [InlineData("a: 2026-01-01", """{"a":"2026-01-01"}""")]
    [InlineData("a: [x, {b: c}]", """{"a":["x",{"b":"c"}]}""")]
    public void Scalars_mean_what_Kubernetes_takes_them_for(string yaml, string json) => Assert.Equal(json, Objects.Node(yaml).ToJsonString());

    [Theory]
    [InlineData("""{"a":"1","b":"true","c":"null","d":"","e":"text","f":1,"g":false,"h":null,"i":[],"j":{}}""")]
    [InlineData("""{"script":"first\n  second\n\nlast\n","colon":"a: b","hash":"a # b","dash":"- a","long":"aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccccccc dddddddddddddddddddddddd eeeee"}""")]
    public void What_is_written_reads_back_the_same(string json)
    {
        var node = JsonNode.Parse(json)!;

        Assert.True(JsonNode.DeepEquals(node, YamlJson.ReadAll(YamlJson.Write(node)).Single()), YamlJson.Write(node));
    }

    [Fact]
    public void A_document_is_written_without_markers() => Assert.Equal("a: x\nb:\n- 1\n", YamlJson.Write(JsonNode.Parse("""{"a":"x","b":[1]}""")!));
}
