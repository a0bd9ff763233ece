using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.Hosting;

namespace Kubeflow.Orleans.LocalCluster.Bootstrap;

/// <summary>Makes what is missing before anything else starts. What is there stays as it is: users may have changed it.</summary>
internal sealed class ClusterBootstrap(IResourceService resources, KindCatalog catalog, LocalClusterOptions options) : IHostedService
{
    private const int Parallelism = 64;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, body) in BootstrapObjects.Foundation())
        {
            await EnsureAsync(key, body, cancellationToken);
        }

        await Parallel.ForEachAsync(
            BootstrapObjects.Nodes(options),
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (node, token) => await EnsureAsync(node.Key, node.Body, token));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task EnsureAsync(ResourceKey key, JsonObject body, CancellationToken cancellationToken)
    {
        if (await resources.FindAsync(key, cancellationToken) is not null)
        {
            return;
        }

        try
        {
            await resources.CreateAsync(catalog.Find(key.Resource)!, "v1", key.Namespace, body, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code == 409)
        {
            // Another silo was faster.
        }
    }
}
