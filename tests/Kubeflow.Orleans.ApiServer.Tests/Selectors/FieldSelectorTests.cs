using System.Text;
using Kubeflow.Orleans.ApiServer.Tests.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Selectors;

namespace Kubeflow.Orleans.ApiServer.Tests.Selectors;

public sealed class FieldSelectorTests
{
    private static readonly Document Job = new(Encoding.UTF8.GetBytes("""{"metadata":{"name":"a","namespace":"gold"},"spec":{"queue":"x,y=z"}}"""));

    [Theory]
    [InlineData("", true)]
    [InlineData("metadata.name=a", true)]
    [InlineData("metadata.name==a", true)]
    [InlineData("metadata.name!=a", false)]
    [InlineData("metadata.name=a,metadata.namespace=gold", true)]
    [InlineData("metadata.name=a,metadata.namespace=other", false)]
    [InlineData("spec.queue=x\\,y\\=z", true)]
    [InlineData("spec.queue!=x", true)]
    [InlineData("spec.queue=", false)]
    public void Selector_matches(string text, bool expected) => Assert.Equal(expected, FieldSelector.Parse(text).For(new GoldenJobKind())(Job));

    [Fact]
    public void Missing_field_equals_the_empty_string() => Assert.True(
        FieldSelector.Parse("spec.queue=").For(new GoldenJobKind())(new Document("""{"metadata":{"name":"a"}}"""u8.ToArray())));

    [Theory]
    [InlineData("a", "invalid selector: 'a'; can't understand 'a'")]
    [InlineData("metadata.name=a,b", "invalid selector: 'metadata.name=a,b'; can't understand 'b'")]
    public void Bad_selector_is_refused_in_upstream_words(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => FieldSelector.Parse(text)).Message);

    [Fact]
    public void Field_the_kind_does_not_offer_is_refused() =>
        Assert.Equal("field label not supported: spec.foo", Assert.Throws<FormatException>(() => FieldSelector.Parse("spec.foo=a").For(new GoldenJobKind())).Message);
}
