using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Patches;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Patches;

public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":[1]}]""", """{"a":1,"b":[1]}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/a","value":2}]""", """{"a":2}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/1","value":9},{"op":"add","path":"/a/-","value":8},{"op":"add","path":"/a/4","value":7}]""", """{"a":[1,9,2,8,7]}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":{"b":[1,2,3]}}""", """[{"op":"remove","path":"/a/b/1"}]""", """{"a":{"b":[1,3]}}""")]
    [InlineData("""{"a":1,"b":2}""", """[{"op":"replace","path":"/a","value":null}]""", """{"a":null,"b":2}""")]
    [InlineData("""{"a":{"x":1},"b":[]}""", """[{"op":"move","from":"/a/x","path":"/b/0"}]""", """{"a":{},"b":[1]}""")]
    [InlineData("""{"a":[1,2,3]}""", """[{"op":"move","from":"/a/0","path":"/a/2"}]""", """{"a":[2,3,1]}""")]
    [InlineData("""{"a":{"x":[1]}}""", """[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/x/-","value":2}]""", """{"a":{"x":[1]},"b":{"x":[1,2]}}""")]
    [InlineData("""{"a/b":1,"m~n":2,"":3}""", """[{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/m~0n","value":2.0},{"op":"remove","path":"/"}]""", """{"a/b":1,"m~n":2}""")]
    [InlineData("""{"a":{"y":1,"x":2}}""", """[{"op":"test","path":"/a","value":{"x":2,"y":1}},{"op":"test","path":"/none","value":null}]""", """{"a":{"y":1,"x":2}}""")]
    [InlineData("""{"a":1}""", "[]", """{"a":1}""")]
    public void Apply_a_valid_patch_gives_the_document_of_the_rfc(string target, string patch, string expected)
    {
        var result = JsonPatch.Apply(Node(target), JsonPatch.Operations(Node(patch)));

        Assert.True(JsonNode.DeepEquals(Node(expected), result), result?.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""")]
    [InlineData("""[{"op":"test","path":"/none","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/none"}]""")]
    [InlineData("""[{"op":"replace","path":"/none","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/none/deep","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/list/3","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/list/01","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/list/-"}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"move","from":"/list","path":"/list/0"}]""")]
    [InlineData("""[{"op":"copy","from":"/none","path":"/a"}]""")]
    [InlineData("""[{"op":"frob","path":"/a"}]""")]
    [InlineData("""[{"path":"/a"}]""")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("""[{"op":"remove","path":""},{"op":"add","path":"/a","value":1}]""")]
    public void Apply_a_failing_operation_is_unprocessable(string patch) =>
        Assert.Equal(PatchFailure.Unprocessable, Assert.Throws<PatchException>(() => JsonPatch.Apply(Node("""{"a":1,"list":[1,2]}"""), JsonPatch.Operations(Node(patch)))).Failure);

    [Fact]
    public void Operations_something_else_than_a_list_is_worded_as_recorded()
    {
        var exception = Assert.Throws<PatchException>(() => JsonPatch.Operations(Node("{}")));

        Assert.Equal(PatchFailure.BadRequest, exception.Failure);
        Assert.Equal(Fixtures.Golden(89)["resp"]!["json"]!["message"]!.ToString(), exception.Message);
    }

    [Fact]
    public void Operations_more_than_the_limit_are_refused()
    {
        var operations = new JsonArray([.. Enumerable.Repeat(0, JsonPatch.MaximumOperations + 1).Select(_ => (JsonNode)new JsonObject())]);

        Assert.Equal(PatchFailure.TooLarge, Assert.Throws<PatchException>(() => JsonPatch.Operations(operations)).Failure);
    }

    [Fact]
    public void Apply_copying_a_document_into_itself_over_and_over_is_stopped()
    {
        var operations = new JsonArray([.. Enumerable.Range(0, 60).Select(index => (JsonNode)new JsonObject { ["op"] = "copy", ["from"] = "", ["path"] = $"/c{index}" })]);

        Assert.Equal(PatchFailure.Unprocessable, Assert.Throws<PatchException>(() => JsonPatch.Apply(Node("""{"a":"some text"}"""), operations)).Failure);
    }

    private static JsonNode Node(string json) => JsonNode.Parse(json)!;
}
