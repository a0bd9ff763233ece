using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.Tests.Http;

/// <summary>Registered subresources are dispatched by verb, and whatever they throw becomes a Status.</summary>
public sealed class SubresourceTests
{
    private const string Path = TestApi.Jobs + "/a/probe";

    [Fact]
    public async Task Subresource_is_reached_by_the_verbs_it_offers()
    {
        await using var api = await StartAsync(context => context.Response.WriteAsync("""{"reached":true}"""));
        Assert.Equal(200, (await api.GetAsync(Path)).Code);
        Assert.Equal(405, (await api.SendAsync(HttpMethod.Post, Path, "{}")).Code);
        Assert.Equal(404, (await api.GetAsync(Path.Replace("tfjobs", "pods", StringComparison.Ordinal).Replace("apis/kubeflow.org", "api", StringComparison.Ordinal))).Code);
    }

    [Fact]
    public async Task Full_store_asks_to_come_back()
    {
        await using var api = await StartAsync(_ => throw new StoreBusyException());
        using var response = await api.Client.GetAsync(new Uri(Path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(429, (int)response.StatusCode);
        Assert.Equal("1", response.Headers.GetValues("Retry-After").Single());
    }

    [Fact]
    public async Task Unexpected_failure_is_an_internal_error_that_gives_nothing_away()
    {
        await using var api = await StartAsync(_ => throw new InvalidOperationException("the password is hunter2"));
        var (code, body) = await api.GetAsync(Path);
        Assert.Equal(500, code);
        Assert.Equal("InternalError", body["reason"]!.GetValue<string>());
        Assert.DoesNotContain("hunter2", body.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_that_takes_too_long_times_out()
    {
        await using var api = await StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));
        var (code, body) = await api.GetAsync(Path + "?timeout=100ms");
        Assert.Equal(504, code);
        Assert.Equal("Timeout", body["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Token_is_not_passed_on_inwards()
    {
        await using var api = await StartAsync(context => context.Response.WriteAsync($$"""{"authorization":"{{context.Request.Headers.Authorization}}"}"""));
        Assert.Equal("", (await api.GetAsync(Path)).Body["authorization"]!.GetValue<string>());
    }

    private static Task<TestApi> StartAsync(Func<HttpContext, Task> handle) =>
        TestApi.StartWithNamespaceAsync(services => services.AddSingleton<ISubresource>(new Probe(handle)));

    private sealed class Probe(Func<HttpContext, Task> handle) : ISubresource
    {
        public string Resource => "tfjobs.kubeflow.org";

        public string Name => "probe";

        public string Kind => "TFJob";

        public ImmutableArray<string> Verbs => ["get"];

        public Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name) => handle(context);
    }
}
