using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>Runs this host's kubelet and the network of its pods, from after the node's registration until the host stops.</summary>
internal sealed class ProcessNodeHost(
    LocalClusterOptions options, IKubeletApi api, ClusterNetwork network, IResourceService resources, TimeProvider time, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private const string NetworkModeAnnotation = WellKnown.Domain + "/network-mode";

    private ProcessKubelet? kubelet;

    /// <summary>The logs of the pods of this node.</summary>
    /// <exception cref="InvalidOperationException">The host runs no process node, or has not started it yet.</exception>
    public PodLogs Logs => (kubelet ?? throw new InvalidOperationException("This host's node is not started.")).Logs;

    public bool IsMine(string nodeName) => kubelet is not null && nodeName == options.NodeName;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.ProcessNode)
        {
            return;
        }

        await network.StartAsync(cancellationToken);
        await resources.ModifyAsync(
            new ResourceKey("nodes", "", options.NodeName),
            node =>
            {
                node.Child("metadata").Child("annotations")[NetworkModeAnnotation] = network.Mode.ToString();
                return true;
            },
            cancellationToken);
        kubelet = new ProcessKubelet(
            new KubeletOptions { NodeName = options.NodeName, DataDirectory = Path.Combine(options.DataDirectory, "kubelet"), StopPodsOnShutdown = options.StopPodsOnShutdown },
            api, network, time, loggers.CreateLogger<ProcessKubelet>());
        await kubelet.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => kubelet?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>May come twice: the container knows this object as itself and as a hosted service.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref kubelet, null)?.DisposeAsync() ?? ValueTask.CompletedTask;
}
