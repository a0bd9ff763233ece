using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>
/// The node this host is: registered at the start with what the machine has, kept alive by its Lease every ten seconds and by its
/// status every five minutes.
/// </summary>
internal sealed partial class ProcessNode(
    IResourceService resources, IResourceStore store, KindCatalog catalog, LocalClusterOptions options, TimeProvider time, ILogger<ProcessNode> logger) : BackgroundService
{
    private const int MaximumPods = 110;
    private static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(40);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.ProcessNode)
        {
            await RegisterAsync(cancellationToken);
            await base.StartAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var reported = time.GetUtcNow();
        using var timer = new PeriodicTimer(RenewPeriod, time);
        try
        {
            do
            {
                try
                {
                    await NodeLeases.RenewAsync(store, [options.NodeName], LeaseDuration, time.GetUtcNow(), stoppingToken);
                    if (time.GetUtcNow() - reported >= StatusPeriod)
                    {
                        await RegisterAsync(stoppingToken);
                        reported = time.GetUtcNow();
                    }
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    LogHeartbeatFailed(logger, options.NodeName, error);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; a Lease that runs out says so.
        }
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var key = new ResourceKey("nodes", "", options.NodeName);
        if (await resources.FindAsync(key, cancellationToken) is null)
        {
            await resources.CreateAsync(catalog.Find("nodes")!, "v1", "", NodeDocuments.Create(options.NodeName, []), RequestOptions.Default, cancellationToken);
            LogRegistered(logger, options.NodeName);
        }

        await resources.ModifyAsync(
            key,
            node =>
            {
                NodeDocuments.FillStatus(node, Capacity(), "127.0.0.1", NodeDocuments.NodeInfo("v1.36.2+kubeflow-orleans", "process://1.0"), time.GetUtcNow());
                return true;
            },
            cancellationToken);
    }

    private JsonObject Capacity()
    {
        var capacity = new JsonObject
        {
            ["cpu"] = $"{Environment.ProcessorCount}",
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
            ["ephemeral-storage"] = $"{DiskBytes() / 1024}Ki",
            ["pods"] = $"{MaximumPods}",
        };
        foreach (var (name, amount) in options.ExtendedResources)
        {
            capacity[name] = $"{amount}";
        }

        return capacity;
    }

    private long DiskBytes() => new DriveInfo(Path.GetFullPath(options.DataDirectory)).TotalSize;

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Name} registered")]
    private static partial void LogRegistered(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Name} could not renew its lease")]
    private static partial void LogHeartbeatFailed(ILogger logger, string name, Exception error);
}
