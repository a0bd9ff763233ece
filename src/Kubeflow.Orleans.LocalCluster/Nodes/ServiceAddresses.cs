using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>
/// Cluster IPs from the network's address book. The network itself works through the API that serves the kinds, so it is only
/// asked for when the first service comes.
/// </summary>
internal sealed class ServiceAddresses(IServiceProvider services) : IServiceAddresses
{
    public string AddressOf(string @namespace, string name) => services.GetRequiredService<ClusterNetwork>().ReserveServiceAddress(@namespace, name);
}
