using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Writes events behind the kubelet's back: equal ones are counted on one object, and when there are too many some are left out.</summary>
internal sealed partial class EventRecorder : IAsyncDisposable
{
    private const int Capacity = 1000;
    private const int Remembered = 4096;

    private readonly IResourceService resources;
    private readonly KindCatalog kinds;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Channel<PodEvent> queue = Channel.CreateBounded<PodEvent>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Dictionary<(string Uid, string FieldPath, string Reason, string Message), ResourceKey> written = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;

    public EventRecorder(IResourceService resources, KindCatalog kinds, TimeProvider time, ILogger logger)
    {
        this.resources = resources;
        this.kinds = kinds;
        this.time = time;
        this.logger = logger;
        writing = WriteAllAsync(stopping.Token);
    }

    public void Record(PodEvent podEvent) => queue.Writer.TryWrite(podEvent);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var podEvent in queue.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await WriteAsync(podEvent, cancellationToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                LogNotWritten(logger, podEvent.Reason, podEvent.Pod.Metadata.Namespace, podEvent.Pod.Metadata.Name, problem is StatusException refused ? refused.Message : problem.GetType().Name);
            }
        }
    }

    private async Task WriteAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        var identity = (podEvent.Pod.Metadata.Uid, podEvent.FieldPath, podEvent.Reason, podEvent.Message);
        var now = Timestamp.Format(time.GetUtcNow());
        if (written.TryGetValue(identity, out var key) && await resources.ModifyAsync(key, node => Count(node, now), cancellationToken) is not null)
        {
            return;
        }

        if (written.Count >= Remembered)
        {
            written.Clear();
        }

        var metadata = podEvent.Pod.Metadata;
        var kind = kinds.Find("events") ?? throw new InvalidOperationException("The cluster serves no events.");
        var created = await resources.CreateAsync(kind, "v1", metadata.Namespace, Event(podEvent, now), RequestOptions.Default, cancellationToken);
        written[identity] = new ResourceKey("events", metadata.Namespace, created.Metadata.Name);
    }

    private static bool Count(JsonObject node, string now)
    {
        node["count"] = (node["count"]?.GetValue<int>() ?? 1) + 1;
        node["lastTimestamp"] = now;
        return true;
    }

    private JsonObject Event(PodEvent podEvent, string now)
    {
        var pod = podEvent.Pod.Metadata;
        var about = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["namespace"] = pod.Namespace,
            ["name"] = pod.Name,
            ["uid"] = pod.Uid,
            ["resourceVersion"] = pod.ResourceVersion.ToString(CultureInfo.InvariantCulture),
        };
        if (podEvent.FieldPath.Length > 0)
        {
            about["fieldPath"] = podEvent.FieldPath;
        }

        var nanoseconds = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = string.Create(CultureInfo.InvariantCulture, $"{pod.Name}.{nanoseconds:x}"), ["namespace"] = pod.Namespace },
            ["involvedObject"] = about,
            ["reason"] = podEvent.Reason,
            ["message"] = podEvent.Message,
            ["source"] = new JsonObject { ["component"] = "kubelet", ["host"] = podEvent.NodeName },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["type"] = podEvent.Type,
            ["eventTime"] = null,
            ["reportingComponent"] = "kubelet",
            ["reportingInstance"] = podEvent.NodeName,
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Reason} about pod {Namespace}/{Name} was not written: {Problem}")]
    private static partial void LogNotWritten(ILogger logger, string reason, string @namespace, string name, string problem);
}
