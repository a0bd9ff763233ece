using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Health;
using Kubeflow.Orleans.ApiServer.Http;
using Kubeflow.Orleans.ApiServer.Security;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

public sealed class SecurityTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    public async Task Request_without_an_accepted_token_is_unauthorized(string? authorization)
    {
        await using var api = await TestApi.StartAsync();
        foreach (var path in (string[])["/api", "/apis", "/openapi/v3", TestApi.Jobs, "/nowhere"])
        {
            var (code, body) = await SendAsync(api, path, request => request.Headers.TryAddWithoutValidation("Authorization", authorization));
            Assert.Equal(HttpStatusCode.Unauthorized, code);
            Assert.Equal("Unauthorized", JsonNode.Parse(body)!["reason"]!.GetValue<string>());
        }
    }

    [Theory]
    [InlineData("/healthz", "ok")]
    [InlineData("/livez", "ok")]
    [InlineData("/readyz", "ok")]
    [InlineData("/readyz?verbose", "[+]ping ok\n[+]store ok\nreadyz check passed\n")]
    public async Task Health_is_open_to_everybody(string path, string expected)
    {
        await using var api = await TestApi.StartAsync();
        Assert.Equal((HttpStatusCode.OK, expected), await SendAsync(api, path, _ => { }));
    }

    [Fact]
    public async Task Version_is_open_to_everybody()
    {
        await using var api = await TestApi.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, "/version", _ => { })).Code);
    }

    [Fact]
    public async Task Server_that_is_not_ready_says_so_and_keeps_the_reason_to_itself()
    {
        await using var api = await TestApi.StartAsync(services => services.AddSingleton<IReadinessCheck, NeverReady>());
        Assert.Equal((HttpStatusCode.InternalServerError, "[+]ping ok\n[-]never failed: reason withheld\n[+]store ok\nreadyz check failed\n"), await SendAsync(api, "/readyz", _ => { }));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, "/livez", _ => { })).Code);
    }

    [Theory]
    [InlineData("attacker.example")]
    [InlineData("127.0.0.1.attacker.example:443")]
    public async Task Foreign_host_name_is_refused_even_with_a_token(string host)
    {
        await using var api = await TestApi.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(api, "/healthz", request => Authorize(request).Headers.Host = host)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(api, "/api", request => Authorize(request).Headers.Host = host)).Code);
    }

    [Theory]
    [InlineData("https://attacker.example")]
    [InlineData("null")]
    [InlineData("http://127.0.0.1:1")]
    public async Task Foreign_origin_is_refused_even_with_a_token(string origin)
    {
        await using var api = await TestApi.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(api, "/api", request => Authorize(request).Headers.TryAddWithoutValidation("Origin", origin))).Code);
    }

    [Fact]
    public async Task Own_origin_and_own_names_are_served()
    {
        await using var api = await TestApi.StartAsync();
        var own = $"http://{api.Address.Authority}";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, "/api", request => Authorize(request).Headers.TryAddWithoutValidation("Origin", own))).Code);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, "/api", request => Authorize(request).Headers.Host = $"localhost:{api.Address.Port}")).Code);
    }

    [Fact]
    public async Task Denied_user_is_told_what_was_denied()
    {
        await using var api = await TestApi.StartAsync(services => services.AddSingleton<IAuthorizer, DenyAll>());
        var (_, list) = await api.GetAsync(TestApi.Jobs);
        Assert.Equal("tfjobs.kubeflow.org is forbidden: User \"admin\" cannot list resource \"tfjobs\" in API group \"kubeflow.org\" in the namespace \"gold\"", list["message"]!.GetValue<string>());
        var (_, status) = await api.MergeAsync(TestApi.Jobs + "/a/status", "{}");
        Assert.Equal(
            "tfjobs.kubeflow.org \"a\" is forbidden: User \"admin\" cannot patch resource \"tfjobs/status\" in API group \"kubeflow.org\" in the namespace \"gold\"",
            status["message"]!.GetValue<string>());
        var (_, path) = await api.GetAsync("/metrics");
        Assert.Equal("forbidden: User \"admin\" cannot get path \"/metrics\"", path["message"]!.GetValue<string>());
    }

    private static HttpRequestMessage Authorize(HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", TestApi.Token);
        return request;
    }

    private static async Task<(HttpStatusCode Code, string Body)> SendAsync(TestApi api, string path, Action<HttpRequestMessage> prepare)
    {
        using var client = new HttpClient { BaseAddress = api.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        prepare(request);
        using var response = await client.SendAsync(request, Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private sealed class DenyAll : IAuthorizer
    {
        public ValueTask<AuthorizationDecision> AuthorizeAsync(UserInfo user, RequestInfo request, CancellationToken cancellationToken) => ValueTask.FromResult(new AuthorizationDecision(false));
    }

    private sealed class NeverReady : IReadinessCheck
    {
        public string Name => "never";

        public ValueTask<string?> CheckAsync(CancellationToken cancellationToken) => ValueTask.FromResult<string?>("the secret reason");
    }
}
