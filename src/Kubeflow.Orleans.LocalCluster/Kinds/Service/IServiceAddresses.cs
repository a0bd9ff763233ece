namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>
/// Where cluster IPs come from: loopback addresses a proxy on this machine can listen on. The same service name always has the same
/// address, so that asking twice, or again after a restart, changes nothing.
/// </summary>
public interface IServiceAddresses
{
    string AddressOf(string @namespace, string name);
}
