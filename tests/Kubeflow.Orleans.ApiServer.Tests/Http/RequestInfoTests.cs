using Kubeflow.Orleans.ApiServer.Http;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

public sealed class RequestInfoTests
{
    [Theory]
    [InlineData("GET", "/api/v1/namespaces/ns/pods", "list || v1 | ns | pods | | ")]
    [InlineData("GET", "/api/v1/pods", "list || v1 | | pods | | ")]
    [InlineData("GET", "/api/v1/namespaces/ns/pods/p/log", "get || v1 | ns | pods | p | log")]
    [InlineData("HEAD", "/apis/g/v2/namespaces/ns/foos/a", "get | g | v2 | ns | foos | a | ")]
    [InlineData("POST", "/apis/g/v2/namespaces/ns/foos", "create | g | v2 | ns | foos | | ")]
    [InlineData("PUT", "/apis/g/v2/foos/a/status", "update | g | v2 | | foos | a | status")]
    [InlineData("DELETE", "/apis/g/v2/namespaces/ns/foos", "deletecollection | g | v2 | ns | foos | | ")]
    [InlineData("DELETE", "/apis/g/v2/namespaces/ns/foos/a", "delete | g | v2 | ns | foos | a | ")]
    [InlineData("PATCH", "/api/v1/namespaces/ns", "patch || v1 | ns | namespaces | ns | ")]
    [InlineData("PUT", "/api/v1/namespaces/ns/finalize", "update || v1 | ns | namespaces | ns | finalize")]
    [InlineData("GET", "/api/v1/namespaces", "list || v1 | | namespaces | | ")]
    [InlineData("GET", "/api/v1/watch/namespaces/ns/pods", "watch || v1 | ns | pods | | ")]
    [InlineData("GET", "/apis/g/v2/watch/foos", "watch | g | v2 | | foos | | ")]
    public void Resource_path_is_understood(string method, string path, string expected)
    {
        var info = RequestInfo.Parse(method, path);
        Assert.True(info.IsResource);
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), $"{info.Verb}|{info.Group}|{info.Version}|{info.Namespace}|{info.Resource}|{info.Name}|{info.Subresource}");
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/apis/g/v1")]
    [InlineData("/openapi/v3/apis/g/v1")]
    public void Other_path_is_no_resource(string path)
    {
        var info = RequestInfo.Parse("GET", path);
        Assert.False(info.IsResource);
        Assert.Equal("get", info.Verb);
    }

    [Fact]
    public void List_that_selects_one_name_carries_it_for_the_authorizer() =>
        Assert.Equal("a", RequestInfo.Parse("GET", "/api/v1/namespaces/ns/pods", watch: true, selectedName: "a").Name);
}
