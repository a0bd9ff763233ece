using System.Collections.Concurrent;
using System.Net;
using System.Text;
using k8s;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Faults;

/// <summary>Stands between the control plane and an API server, passes requests on under its own credentials, and does to them what its plan says.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private const string Gone = """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","message":"too old resource version","code":410}""";

    private static readonly TimeSpan StallTime = TimeSpan.FromSeconds(5);

    private readonly k8s.Kubernetes upstream;
    private readonly WebApplication app;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-proxy-");
    private readonly ConcurrentDictionary<HttpContext, bool> open = new();
    private volatile bool down;

    private FaultyProxy(TargetCluster target)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(target.Kubeconfig);
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        upstream = new k8s.Kubernetes(configuration);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(HandleAsync);
    }

    public FaultPlan Plan { get; set; } = FaultPlan.None;

    public ConcurrentQueue<ProxiedRequest> Requests { get; } = new();

    public string Kubeconfig => Path.Combine(folder.FullName, "kubeconfig");

    public static async Task<FaultyProxy> StartAsync(TargetCluster target)
    {
        var proxy = new FaultyProxy(target);
        await proxy.app.StartAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(proxy.Kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: proxied
              cluster: { server: "{{proxy.app.Urls.Single()}}" }
            users:
            - name: nobody
              user: { token: nothing }
            contexts:
            - name: proxied
              context: { cluster: proxied, user: nobody }
            current-context: proxied
            """, TestContext.Current.CancellationToken);
        return proxy;
    }

    /// <summary>The server is not there: open connections break, new ones are not answered.</summary>
    public void GoDown()
    {
        down = true;
        CutAll();
    }

    public void ComeBack() => down = false;

    /// <summary>Breaks all connections, watches above all.</summary>
    public void CutAll()
    {
        foreach (var context in open.Keys)
        {
            context.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        CutAll();
        await app.DisposeAsync();
        upstream.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task HandleAsync(HttpContext context)
    {
        open.TryAdd(context, true);
        try
        {
            var request = new ProxiedRequest(context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "");
            Requests.Enqueue(request);
            await HandleAsync(context, request, down ? Fault.CutBefore : Plan.For(request));
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException or OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            open.TryRemove(context, out _);
        }
    }

    private async Task HandleAsync(HttpContext context, ProxiedRequest request, Fault fault)
    {
        switch (fault)
        {
            case Fault.CutBefore:
                context.Abort();
                return;
            case Fault.TooManyRequests:
                context.Response.Headers.RetryAfter = "1";
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                return;
            case Fault.ServerError:
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return;
            case Fault.Expired:
                context.Response.StatusCode = StatusCodes.Status410Gone;
                await context.Response.WriteAsync(Gone, context.RequestAborted);
                return;
            case Fault.Stall:
                await Task.Delay(StallTime, context.RequestAborted);
                break;
        }

        using var response = await SendAsync(context);
        if (fault == Fault.CutAfter)
        {
            await response.Content.LoadIntoBufferAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        if (request.IsWatch)
        {
            using var watch = new FaultyWatch(body, context, Plan, Gone);
            await watch.CopyAsync();
        }
        else
        {
            await body.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(upstream.BaseUri, context.Request.Path + context.Request.QueryString));
        if (context.Request.ContentType is { } type)
        {
            using var reader = new StreamReader(context.Request.Body);
            request.Content = new StringContent(await reader.ReadToEndAsync(context.RequestAborted), Encoding.UTF8, type.Split(';')[0]);
        }

        if (upstream.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, context.RequestAborted);
        }

        // What a client asked for happens even if it has gone away meanwhile.
        var aborted = request.Method == HttpMethod.Get ? context.RequestAborted : CancellationToken.None;
        return await upstream.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, aborted);
    }
}
