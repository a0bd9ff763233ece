using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Xunit;

namespace Kubeflow.Orleans.Core.Tests.Reading;

public sealed class ObjectReaderTests
{
    [Theory]
    [InlineData("{bad", "invalid character 'b' looking for beginning of object key string")]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("  ", "unexpected end of JSON input")]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("{\"a\":1,}", "invalid character '}' looking for beginning of object key string")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair")]
    [InlineData("[1 2]", "invalid character '2' after array element")]
    [InlineData("{} x", "invalid character 'x' after top-level value")]
    [InlineData("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')")]
    [InlineData("{\"a\":-}", "invalid character '}' in numeric literal")]
    [InlineData("{\"a\":1.}", "invalid character '}' after decimal point in numeric literal")]
    [InlineData("{\"a\":\"\\q\"}", "invalid character 'q' in string escape code")]
    [InlineData("{\"a\":\"x\ny\"}", "invalid character '\\n' in string literal")]
    [InlineData("apiVersion: v1", "invalid character 'a' looking for beginning of value")]
    public void Read_broken_json_is_explained_in_Go_words(string body, string expected) =>
        Assert.Equal(expected, Assert.Throws<ReadException>(() => Read(body)).Message);

    [Theory]
    [InlineData("[]", "array")]
    [InlineData("5", "number")]
    [InlineData("\"x\"", "string")]
    public void Read_something_else_than_an_object_is_refused(string body, string kind) =>
        Assert.StartsWith($"json: cannot unmarshal {kind} into Go value of type struct", Assert.Throws<ReadException>(() => Read(body)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_a_kind_that_is_no_text_is_refused() =>
        Assert.Equal("json: cannot unmarshal number into Go struct field .kind of type string", Assert.Throws<ReadException>(() => Read("""{"kind":5}""")).Message);

    [Fact]
    public void Read_duplicate_fields_are_named_and_the_last_one_counts()
    {
        var read = Read("""{"spec":{"queue":"q","queue":"r","parts":[{"n":1},{"n":1,"n":2,"n":3}]},"spec.x":1}""");

        Assert.Equal(["spec.queue", "spec.parts[1].n"], read.DuplicateFields);
        Assert.Equal("""{"spec":{"queue":"r","parts":[{"n":1},{"n":3}]},"spec.x":1}""", read.Document.ToJsonString());
    }

    [Theory]
    [InlineData("123456789012345678901234567890")]
    [InlineData("1.0")]
    [InlineData("0.1000")]
    [InlineData("1e400")]
    public void Read_a_number_stays_digit_for_digit(string number) => Assert.Equal($$"""{"n":{{number}}}""", Read($$"""{"n":{{number}}}""").Document.ToJsonString());

    [Fact]
    public void Read_values_can_be_taken_as_any_type_that_fits() => Assert.Equal((7, 7L), (Read("""{"count":7}""").Document["count"]!.GetValue<int>(), Read("count: 7", "application/yaml").Document["count"]!.GetValue<long>()));

    [Theory]
    [InlineData("application/json", "[", "]")]
    [InlineData("application/yaml", "[", "]")]
    [InlineData("application/json", "{\"a\":", "}")]
    public void Read_bottomless_nesting_is_refused(string contentType, string open, string close)
    {
        var body = "{\"a\":" + string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000)) + "}";

        Assert.Contains("exceeded max depth", Assert.Throws<ReadException>(() => Read(body, contentType)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_invalid_utf8_is_replaced_as_in_Go()
    {
        byte[] body = [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8];

        Assert.Equal("\uFFFD", ObjectReader.Read(body, "application/json").Document["a"]!.GetValue<string>());
    }

    [Fact]
    public void Read_half_a_surrogate_pair_is_refused_instead_of_failing_later() =>
        Assert.Contains("surrogate", Assert.Throws<ReadException>(() => Read("""{"a":"\ud800"}""")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("y", "true")]
    [InlineData("No", "false")]
    [InlineData("on", "true")]
    [InlineData("'y'", "\"y\"")]
    [InlineData("~", "null")]
    [InlineData("010", "8")]
    [InlineData("0x1F", "31")]
    [InlineData("1_000", "1000")]
    [InlineData("-5", "-5")]
    [InlineData("+5", "5")]
    [InlineData("1.50", "1.50")]
    [InlineData(".5", "0.5")]
    [InlineData("1e3", "1e3")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("09", "9")]
    [InlineData("2026-01-02", "\"2026-01-02\"")]
    [InlineData("!!str 5", "\"5\"")]
    [InlineData("a: b", null)]
    public void Read_yaml_scalars_follow_YAML_1_1(string scalar, string? expected)
    {
        if (expected is null)
        {
            var exception = Assert.Throws<ReadException>(() => Read($"v: {scalar}", "application/yaml"));
            Assert.Equal(1, exception.Line);
            Assert.StartsWith("error converting YAML to JSON: yaml: line 1:", exception.Message, StringComparison.Ordinal);
            return;
        }

        Assert.Equal($$"""{"v":{{expected}}}""", Read($"v: {scalar}", "application/yaml").Document.ToJsonString());
    }

    [Fact]
    public void Read_yaml_anchors_and_merge_keys_are_expanded() => Assert.Equal(
        """{"base":{"a":1,"b":2},"x":{"b":3,"a":1},"y":{"a":1,"b":2}}""",
        Read("base: &base {a: 1, b: 2}\nx: {<<: *base, b: 3}\n'y': *base\n", "application/yaml").Document.ToJsonString());

    [Fact]
    public void Read_a_yaml_bomb_is_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 10; level++)
        {
            bomb.AppendLine($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]");
        }

        Assert.Contains("excessive aliasing", Assert.Throws<ReadException>(() => Read(bomb.ToString(), "application/yaml")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_a_second_yaml_document_in_a_request_is_refused() =>
        Assert.Contains("second one", Assert.Throws<ReadException>(() => Read("a: 1\n---\nb: 1\n", "application/yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void YamlDocuments_many_documents_come_with_their_lines()
    {
        var documents = YamlDocuments.Read("# only a comment\n---\na: 1\n---\n---\nb: 2\n");

        Assert.Equal([("""{"a":1}""", 2L), ("""{"b":2}""", 5L)], documents.Select(document => (document.Node.ToJsonString(), document.Line)));
    }

    [Fact]
    public void YamlWriter_a_recorded_object_is_written_as_recorded()
    {
        var recorded = Fixtures.Golden(35)["resp"]!;
        var text = (recorded["text"] ?? recorded["body"])!.GetValue<string>();
        var document = Read(text, "application/yaml").Document;

        Assert.Equal(text, YamlWriter.Write(JsonSerializer.SerializeToElement(document)));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("12")]
    [InlineData("")]
    [InlineData("a\nb\n")]
    [InlineData(" leading")]
    [InlineData("- dash")]
    [InlineData("a: b # c")]
    [InlineData("2026-01-02T03:04:05Z")]
    [InlineData("tab\tand \"quotes\" and 'these'")]
    [InlineData("*star")]
    [InlineData("{}")]
    [InlineData("ünïcode \u2028 \u0001")]
    public void YamlWriter_any_text_comes_back_as_it_was(string text)
    {
        var document = new JsonObject { ["v"] = text, ["list"] = new JsonArray(text, new JsonObject { [text.Length == 0 ? "k" : text] = 1.5 }), ["empty"] = new JsonArray() };

        var yaml = YamlWriter.Write(JsonSerializer.SerializeToElement(document));

        Assert.True(JsonNode.DeepEquals(document, Read(yaml, "application/yaml").Document), yaml);
    }

    private static ReadObject Read(string body, string contentType = "application/json") => ObjectReader.Read(Encoding.UTF8.GetBytes(body), contentType);
}
