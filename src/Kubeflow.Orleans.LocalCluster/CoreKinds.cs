using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Kinds;

namespace Kubeflow.Orleans.LocalCluster;

/// <summary>The kinds of Kubernetes the embedded cluster serves.</summary>
public static class CoreKinds
{
    public static IReadOnlyList<ResourceKind> All(IServiceAddresses serviceAddresses) =>
    [
        new NamespaceKind(),
        new NodeKind(),
        new PodKind(),
        new ServiceKind(serviceAddresses),
        new EndpointSliceKind(),
        new ConfigMapKind(),
        new SecretKind(),
        new EventKind(),
        new ServiceAccountKind(),
        new PersistentVolumeClaimKind(),
        new PersistentVolumeKind(),
        new StorageClassKind(),
        new PriorityClassKind(),
        new LeaseKind(),
        new ResourceQuotaKind(),
        new LimitRangeKind(),
    ];
}
