using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kubeflow.Orleans.Kubernetes.Connection;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Kubernetes.Events;

/// <summary>
/// Writes core/v1 events behind the caller's back: best effort, bounded, in order. An event said again within its memory is counted
/// up instead of written anew, as every Kubernetes component does.
/// </summary>
internal sealed partial class EventRecorder(ClusterTransport transport, TimeProvider clock, ILogger logger)
{
    private const int Capacity = 10_000;
    private const int Remembered = 4096;
    private const int Writers = 4;

    /// <summary>Leaves room for what makes an event's name unique.</summary>
    private const int LongestName = 236;

    /// <summary>Where events about objects without a namespace belong.</summary>
    private const string DefaultNamespace = "default";

    private readonly Channel<ObjectEvent> queue = Channel.CreateBounded<ObjectEvent>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Record(ObjectEvent objectEvent) => queue.Writer.TryWrite(objectEvent);

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAllAsync(cancellationToken)));

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        var said = new Dictionary<ObjectEvent, SaidEvent>();
        try
        {
            await foreach (var objectEvent in queue.Reader.ReadAllAsync(cancellationToken))
            {
                await WriteAsync(objectEvent, said, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task WriteAsync(ObjectEvent objectEvent, Dictionary<ObjectEvent, SaidEvent> said, CancellationToken cancellationToken)
    {
        var identity = objectEvent with { About = objectEvent.About with { ResourceVersion = "" } };
        try
        {
            if (said.TryGetValue(identity, out var before) && await CountUpAsync(before, objectEvent, cancellationToken))
            {
                said[identity] = before with { Count = before.Count + 1 };
                return;
            }

            if (said.Count >= Remembered)
            {
                said.Clear();
            }

            var name = await CreateAsync(objectEvent, cancellationToken);
            said[identity] = new SaidEvent(name, 1);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogLost(logger, objectEvent.Reason, objectEvent.About.Namespace, objectEvent.About.Name, failure.Message);
        }
    }

    private async Task<string> CreateAsync(ObjectEvent objectEvent, CancellationToken cancellationToken)
    {
        var about = objectEvent.About;
        var now = Timestamp();
        var name = $"{about.Name[..Math.Min(about.Name.Length, LongestName)]}.{Random.Shared.NextInt64():x16}";
        var body = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = NamespaceOf(about) },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = about.ApiVersion,
                ["kind"] = about.Kind,
                ["namespace"] = about.Namespace,
                ["name"] = about.Name,
                ["uid"] = about.Uid,
                ["resourceVersion"] = about.ResourceVersion,
            },
            ["reason"] = objectEvent.Reason,
            ["message"] = objectEvent.Message,
            ["type"] = objectEvent.Type,
            ["source"] = new JsonObject { ["component"] = objectEvent.Component },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["reportingComponent"] = objectEvent.Component,
            ["reportingInstance"] = "",
        };
        var response = await transport.SendAsync(HttpMethod.Post, EventsPath(about), body.ToJsonString(), cancellationToken);
        if (!response.Succeeded)
        {
            LogLost(logger, objectEvent.Reason, about.Namespace, about.Name, response.Message);
        }

        return name;
    }

    private async Task<bool> CountUpAsync(SaidEvent before, ObjectEvent objectEvent, CancellationToken cancellationToken)
    {
        var path = $"{EventsPath(objectEvent.About)}/{before.Name}";
        var counted = new JsonObject { ["count"] = before.Count + 1, ["lastTimestamp"] = Timestamp() };
        return (await transport.SendAsync(HttpMethod.Patch, path, counted.ToJsonString(), cancellationToken)).Succeeded;
    }

    private static string EventsPath(ObjectReference about) => $"api/v1/namespaces/{NamespaceOf(about)}/events";

    private static string NamespaceOf(ObjectReference about) => about.Namespace.Length == 0 ? DefaultNamespace : about.Namespace;

    private string Timestamp() => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Reason} about {Namespace}/{Name} was not recorded: {Failure}")]
    private static partial void LogLost(ILogger logger, string reason, string @namespace, string name, string failure);

    private sealed record SaidEvent(string Name, int Count);
}
