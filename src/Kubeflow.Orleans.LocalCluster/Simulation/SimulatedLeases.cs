using Kubeflow.Orleans.LocalCluster.Nodes;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Simulation;

/// <summary>Signs of life for all simulated nodes: one loop, a page at a time, seldom.</summary>
internal sealed partial class SimulatedLeases(IResourceStore store, TimeProvider time, ILogger<SimulatedLeases> logger) : BackgroundService
{
    private const int PageSize = 500;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                await RenewSafelyAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task RenewSafelyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var nodes = await store.ListAsync(new ListQuery("nodes") { Filter = SimulatedNodes.IsSimulated }, cancellationToken);
            foreach (var page in nodes.Items.Select(node => node.Metadata.Name).Chunk(PageSize))
            {
                await NodeLeases.RenewAsync(store, page, 2 * Period, time.GetUtcNow(), cancellationToken);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogRenewalFailed(logger, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The leases of simulated nodes could not be renewed")]
    private static partial void LogRenewalFailed(ILogger logger, Exception error);
}
