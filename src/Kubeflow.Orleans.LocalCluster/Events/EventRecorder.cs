using System.Threading.Channels;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>
/// Writes events behind its callers' backs: a bounded queue, whole batches at once. Events go straight to the store: they are our
/// own, well formed, and at thousands a second the object machinery in front of it would cost more than they are worth.
/// </summary>
internal sealed partial class EventRecorder(IResourceStore store, TimeProvider time, ILogger<EventRecorder> logger) : BackgroundService, IEventRecorder
{
    public const string Resource = "events";

    private const int QueueLimit = 16_384;
    private const int BatchLimit = 512;

    private readonly EventAggregation aggregation = new();

    private readonly Channel<ClusterEvent> queue = Channel.CreateBounded<ClusterEvent>(
        new BoundedChannelOptions(QueueLimit) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Record(ClusterEvent clusterEvent) => queue.Writer.TryWrite(clusterEvent);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await queue.Reader.WaitToReadAsync(stoppingToken))
            {
                await WriteSafelyAsync(TakeBatch(), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping: what is still queued is best effort by contract.
        }
    }

    /// <summary>The newest action for each event object; a create that is counted within its own batch is counted by the next one.</summary>
    private List<EventAction> TakeBatch()
    {
        var actions = new List<EventAction>();
        while (actions.Count < BatchLimit && queue.Reader.TryRead(out var clusterEvent))
        {
            actions.Add(aggregation.Decide(clusterEvent, time.GetUtcNow()));
        }

        return actions;
    }

    private async Task WriteSafelyAsync(List<EventAction> actions, CancellationToken cancellationToken)
    {
        try
        {
            var closed = await ClosedNamespacesAsync(actions.OfType<EventAction.Create>(), cancellationToken);
            await CreateAsync([.. actions.OfType<EventAction.Create>().Where(action => !closed.Contains(action.Namespace))], cancellationToken);
            foreach (var action in actions.OfType<EventAction.Count>())
            {
                await CountAsync(action, cancellationToken);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogEventsLost(logger, actions.Count, error);
        }
    }

    /// <summary>A namespace that goes or is gone gets no new content, or its events would outlive it.</summary>
    private async Task<HashSet<string>> ClosedNamespacesAsync(IEnumerable<EventAction.Create> actions, CancellationToken cancellationToken)
    {
        var closed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in actions.Select(action => action.Namespace).Distinct())
        {
            var stored = await store.GetAsync(new ResourceKey("namespaces", "", name), cancellationToken);
            if (stored is null || stored.Document.Metadata.DeletionTimestamp is not null)
            {
                closed.Add(name);
            }
        }

        return closed;
    }

    private async Task CreateAsync(IReadOnlyList<EventAction.Create> actions, CancellationToken cancellationToken)
    {
        if (actions.Count == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        await store.WriteAsync(
            [.. actions.Select(action => new CreateOperation(Key(action.Namespace, action.Name), Document.FromNode(EventDocuments.Create(action, Guid.NewGuid().ToString(), now))))],
            cancellationToken);
    }

    private async Task CountAsync(EventAction.Count action, CancellationToken cancellationToken)
    {
        var key = Key(action.Namespace, action.Name);
        if (await store.GetAsync(key, cancellationToken) is not { Document: { } current })
        {
            aggregation.ForgetTold(action.Namespace, action.Name);
            Record(action.Event);
            return;
        }

        var node = current.ToNode();
        EventDocuments.Count(node, action, time.GetUtcNow());
        await store.WriteAsync([new UpdateOperation(key, current.Metadata.ResourceVersion, Document.FromNode(node))], cancellationToken);
    }

    private static ResourceKey Key(string @namespace, string name) => new(Resource, @namespace, name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost a batch of {Count} events")]
    private static partial void LogEventsLost(ILogger logger, int count, Exception error);
}
