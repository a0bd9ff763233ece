using Kubeflow.Orleans.LocalCluster.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Tests;

/// <summary>One address for every service.</summary>
internal sealed class FixedAddresses : IServiceAddresses
{
    public string AddressOf(string @namespace, string name) => "127.64.0.1";
}
