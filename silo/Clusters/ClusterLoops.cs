using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Silo.Clusters;

/// <summary>Starts and stops what the clusters run in the background, all at once: one that hangs holds up no other.</summary>
internal sealed class ClusterLoops(IEnumerable<ICluster> clusters) : IHostedService
{
    private IEnumerable<IHostedService> Loops => clusters.OfType<IHostedService>();

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(Loops.Select(loop => loop.StartAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(Loops.Select(loop => loop.StopAsync(cancellationToken)));
}
