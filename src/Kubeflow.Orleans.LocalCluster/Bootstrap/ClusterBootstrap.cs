using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.Extensions.Hosting;

namespace Kubeflow.Orleans.LocalCluster.Bootstrap;

/// <summary>Makes what is missing before anything else starts. What is there stays as it is: users may have changed it.</summary>
internal sealed class ClusterBootstrap(IResourceService resources, KindCatalog catalog, LocalClusterOptions options) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, body) in BootstrapObjects.All(options))
        {
            if (await resources.FindAsync(key, cancellationToken) is not null)
            {
                continue;
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

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
