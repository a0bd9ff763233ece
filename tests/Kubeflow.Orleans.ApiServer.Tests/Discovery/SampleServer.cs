using System.Collections.Immutable;
using System.Net.Http.Headers;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.ApiServer.OpenApi;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.ApiServer.Tests.Discovery;

/// <summary>A real server on a free loopback port that serves discovery and OpenAPI of the sample kinds, and nothing else.</summary>
public sealed class SampleServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private SampleServer(WebApplication app)
    {
        this.app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public static async Task<SampleServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new KindCatalog([new SampleJobKind(), new SampleExperimentKind(), new SamplePodKind(), new SampleDeploymentKind(), new SampleNodeKind()]));
        builder.Services.AddSingleton<ISubresource, SampleLog>();
        var app = builder.Build();
        app.Use(AnswerRefusalsAsync);
        app.MapDiscovery();
        app.MapKubernetesOpenApi();
        await app.StartAsync(cancellationToken);
        return new SampleServer(app);
    }

    public async Task<HttpResponseMessage> GetAsync(string path, string accept, CancellationToken cancellationToken, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (ifNoneMatch is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(ifNoneMatch));
        }

        return await Client.SendAsync(request, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    private static async Task AnswerRefusalsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (StatusException refusal)
        {
            context.Response.StatusCode = refusal.Status.Code;
            await context.Response.WriteAsync(refusal.Status.ToNode().ToJsonString(), context.RequestAborted);
        }
    }

    private sealed class SampleLog : ISubresource
    {
        public string Resource => "pods";

        public string Name => "log";

        public string Kind => "Pod";

        public ImmutableArray<string> Verbs => ["get"];

        public Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name) => Task.CompletedTask;
    }
}
