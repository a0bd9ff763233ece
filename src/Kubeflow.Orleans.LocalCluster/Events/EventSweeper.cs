using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Events;

/// <summary>Removes events nobody has repeated for an hour.</summary>
internal sealed partial class EventSweeper(IResourceStore store, LocalClusterOptions options, TimeProvider time, ILogger<EventSweeper> logger) : BackgroundService
{
    private const int BatchLimit = 500;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                await SweepSafelyAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SweepSafelyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var oldest = time.GetUtcNow() - options.EventLifetime;
            var old = await store.ListAsync(new ListQuery(EventRecorder.Resource) { Filter = document => LastTold(document) < oldest }, cancellationToken);
            foreach (var batch in old.Items.Chunk(BatchLimit))
            {
                await store.WriteAsync(
                    [.. batch.Select(document => document.Metadata).Select(metadata => new DeleteOperation(new ResourceKey(EventRecorder.Resource, metadata.Namespace, metadata.Name), metadata.ResourceVersion))],
                    cancellationToken);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogSweepFailed(logger, error);
        }
    }

    private static DateTimeOffset? LastTold(Document document) =>
        document.Root.Time("series", "lastObservedTime") ?? document.Root.Time("lastTimestamp") ?? document.Metadata.CreationTimestamp;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old events could not be removed")]
    private static partial void LogSweepFailed(ILogger logger, Exception error);
}
