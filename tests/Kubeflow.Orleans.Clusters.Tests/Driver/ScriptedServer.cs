using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using k8s;
using Kubeflow.Orleans.Kubernetes.Connection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Driver;

/// <summary>An API server of which a test decides every answer. What it does not decide is an empty list, or a watch without events.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping = new();

    private ScriptedServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers of a path's lists, in order; the last one is repeated.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<(int Code, string Body)>> Lists { get; } = new();

    /// <summary>Lines of a path's watches. Whoever comes again is not sent the first one again.</summary>
    public ConcurrentDictionary<string, string[]> Events { get; } = new();

    /// <summary>Answers to writes, in order; afterwards what was sent comes back with a uid.</summary>
    public ConcurrentQueue<(int Code, string? RetryAfter)> Refusals { get; } = new();

    public static async Task<ScriptedServer> StartAsync()
    {
        var server = new ScriptedServer();
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public ClusterTransport Connect() => new(() => new KubernetesClientConfiguration { Host = app.Urls.Single() }, TimeSpan.FromSeconds(10), TimeProvider.System);

    public void List(string path, int code, string body) => Lists.GetOrAdd(path, _ => new ConcurrentQueue<(int, string)>()).Enqueue((code, body));

    public void Watch(string path, params string[] lines) => Events[path] = lines;

    public static string ListOf(params JsonObject[] items) =>
        new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = "10" }, ["items"] = new JsonArray([.. items]) }.ToJsonString();

    public static string Event(string type, JsonObject item) => new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.TrimStart('/');
        Requests.Enqueue($"{context.Request.Method} {path}{context.Request.QueryString}");
        if (context.Request.Method != "GET")
        {
            await AnswerWriteAsync(context);
        }
        else if (context.Request.Query.ContainsKey("watch"))
        {
            await AnswerWatchAsync(context, path);
        }
        else
        {
            var (code, body) = Next(path);
            context.Response.StatusCode = code;
            await context.Response.WriteAsync(body, context.RequestAborted);
        }
    }

    private (int Code, string Body) Next(string path)
    {
        if (!Lists.TryGetValue(path, out var answers) || !answers.TryPeek(out var answer))
        {
            return (200, ListOf());
        }

        if (answers.Count > 1)
        {
            answers.TryDequeue(out answer);
        }

        return answer;
    }

    private async Task AnswerWatchAsync(HttpContext context, string path)
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var lines = Events.GetValueOrDefault(path, []);
        Events[path] = [.. lines.Skip(Math.Min(1, lines.Length - 1))];
        foreach (var line in lines)
        {
            await context.Response.WriteAsync(line + "\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AnswerWriteAsync(HttpContext context)
    {
        if (Refusals.TryDequeue(out var refusal))
        {
            context.Response.StatusCode = refusal.Code;
            context.Response.Headers.RetryAfter = refusal.RetryAfter;
            return;
        }

        var body = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!.AsObject();
        body["metadata"]!["uid"] = Guid.NewGuid().ToString();
        context.Response.StatusCode = StatusCodes.Status201Created;
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
