using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Kinds;

namespace Kubeflow.Orleans.LocalCluster;

/// <summary>The kinds of Kubernetes the embedded cluster serves.</summary>
public static class CoreKinds
{
    /// <summary>One factory a kind: some need to know where service addresses come from.</summary>
    internal static ImmutableArray<Func<IServiceAddresses, ResourceKind>> Factories { get; } =
    [
        _ => new NamespaceKind(),
        _ => new NodeKind(),
        _ => new PodKind(),
        addresses => new ServiceKind(addresses),
        _ => new EndpointSliceKind(),
        _ => new ConfigMapKind(),
        _ => new SecretKind(),
        _ => new EventKind(),
        _ => new ServiceAccountKind(),
        _ => new PersistentVolumeClaimKind(),
        _ => new PersistentVolumeKind(),
        _ => new StorageClassKind(),
        _ => new PriorityClassKind(),
        _ => new LeaseKind(),
        _ => new ResourceQuotaKind(),
        _ => new LimitRangeKind(),
        _ => new HorizontalPodAutoscalerKind(),
        _ => new JobKind(),
        _ => new RoleKind(),
        _ => new RoleBindingKind(),
    ];

    public static IReadOnlyList<ResourceKind> All(IServiceAddresses serviceAddresses) => [.. Factories.Select(create => create(serviceAddresses))];
}
