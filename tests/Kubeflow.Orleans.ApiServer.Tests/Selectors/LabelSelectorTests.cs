using System.Text.Json;
using Kubeflow.Orleans.Core.Selectors;

namespace Kubeflow.Orleans.ApiServer.Tests.Selectors;

public sealed class LabelSelectorTests
{
    private static readonly JsonElement Labels = JsonDocument.Parse("""{"a":"1","tier":"front","example.com/x":"","n":"7"}""").RootElement;

    [Theory]
    [InlineData("", true)]
    [InlineData("a", true)]
    [InlineData("!a", false)]
    [InlineData("!b", true)]
    [InlineData("a=1", true)]
    [InlineData("a==1", true)]
    [InlineData("a = 1 , tier in ( front , back )", true)]
    [InlineData("a=2", false)]
    [InlineData("a!=2", true)]
    [InlineData("a!=1", false)]
    [InlineData("b!=1", true)]
    [InlineData("tier in (front,back)", true)]
    [InlineData("tier notin (front)", false)]
    [InlineData("b notin (front)", true)]
    [InlineData("b in (front)", false)]
    [InlineData("example.com/x=", true)]
    [InlineData("example.com/x in ()", true)]
    [InlineData("example.com/x in (,b)", true)]
    [InlineData("n>6", true)]
    [InlineData("n>7", false)]
    [InlineData("n<8", true)]
    [InlineData("tier>1", false)]
    [InlineData("b<1", false)]
    [InlineData("in", false)]
    [InlineData("notin=in", false)]
    public void Selector_matches_by_the_grammar(string text, bool expected) => Assert.Equal(expected, LabelSelector.Parse(text).Matches(Labels));

    [Theory]
    [InlineData("a==,==", "found '==', expected: identifier after ','")]
    [InlineData(",", "found ',', expected: !, identifier, or 'end of string'")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a=b c", "found 'c', expected: ',' or 'end of string'")]
    [InlineData("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [InlineData("a in (b", "unable to parse requirement: found '', expected: ',' or ')'")]
    [InlineData("!", "unable to parse requirement: found '', expected: identifier")]
    [InlineData("a>b", "unable to parse requirement: values[0][a]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer")]
    public void Bad_selector_is_refused_in_upstream_words(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => LabelSelector.Parse(text)).Message);

    [Theory]
    [InlineData("-a=b", "key: Invalid value: \"-a\"")]
    [InlineData("a=-b", "values[0][a]: Invalid value: \"-b\"")]
    public void Names_no_label_can_have_are_refused(string text, string part) =>
        Assert.Contains(part, Assert.Throws<FormatException>(() => LabelSelector.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{}""", true)]
    [InlineData("""{"matchLabels":{"a":"1"}}""", true)]
    [InlineData("""{"matchLabels":{"a":"2"}}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"tier","operator":"In","values":["front"]},{"key":"b","operator":"DoesNotExist"}]}""", true)]
    [InlineData("""{"matchLabels":{"a":"1"},"matchExpressions":[{"key":"tier","operator":"NotIn","values":["front"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"b","operator":"Exists"}]}""", false)]
    public void Selector_object_matches(string json, bool expected) =>
        Assert.Equal(expected, LabelSelector.Read(JsonDocument.Parse(json).RootElement).Matches(Labels));

    [Fact]
    public void Selector_object_with_an_unknown_operator_is_refused() =>
        Assert.Throws<FormatException>(() => LabelSelector.Read(JsonDocument.Parse("""{"matchExpressions":[{"key":"a","operator":"Near"}]}""").RootElement));
}
