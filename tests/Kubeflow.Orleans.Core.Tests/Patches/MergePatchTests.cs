using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Patches;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Patches;

public sealed class MergePatchTests
{
    /// <summary>The examples of RFC 7396, appendix A.</summary>
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""[1,2]""", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void Apply_the_examples_of_the_rfc_hold(string target, string patch, string expected)
    {
        var result = MergePatch.Apply(JsonNode.Parse(target), JsonNode.Parse(patch));

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), result), result?.ToJsonString());
    }

    /// <summary>For any two documents without nulls: the difference applied to the first gives the second, twice as well as once.</summary>
    [Fact]
    public void Apply_the_difference_of_two_documents_leads_from_one_to_the_other()
    {
        var random = new Random(7396);
        for (var round = 0; round < 500; round++)
        {
            var (before, after) = (RandomObject(random, 4), RandomObject(random, 4));
            var patch = Difference(before, after);
            var unchanged = patch.DeepClone();

            var once = MergePatch.Apply(before.DeepClone(), patch);
            var twice = MergePatch.Apply(once!.DeepClone(), patch);

            Assert.True(JsonNode.DeepEquals(after, once), $"{before.ToJsonString()} + {patch.ToJsonString()} = {once.ToJsonString()}");
            Assert.True(JsonNode.DeepEquals(once, twice));
            Assert.True(JsonNode.DeepEquals(unchanged, patch));
        }
    }

    [Fact]
    public void Body_an_array_is_refused_as_recorded()
    {
        var exception = Assert.Throws<PatchException>(() => MergePatch.Body(new JsonArray()));

        Assert.Equal(PatchFailure.BadRequest, exception.Failure);
        Assert.Equal(Fixtures.Golden(81)["resp"]!["json"]!["message"]!.ToString(), exception.Message);
    }

    private static JsonObject Difference(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in before.Where(field => !after.ContainsKey(field.Key)))
        {
            patch[name] = null;
        }

        foreach (var (name, value) in after)
        {
            if (value is JsonObject changed && before[name] is JsonObject current)
            {
                patch[name] = Difference(current, changed);
            }
            else if (!JsonNode.DeepEquals(value, before[name]))
            {
                patch[name] = value!.DeepClone();
            }
        }

        return patch;
    }

    private static JsonObject RandomObject(Random random, int depth)
    {
        var fields = new JsonObject();
        for (var count = random.Next(4); count > 0; count--)
        {
            fields[((char)('a' + random.Next(4))).ToString()] = random.Next(depth > 0 ? 4 : 2) switch
            {
                0 => random.Next(3),
                1 => "text",
                2 => new JsonArray(random.Next(3), "x"),
                _ => RandomObject(random, depth - 1),
            };
        }

        return fields;
    }
}
