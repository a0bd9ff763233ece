using System.Collections.Immutable;
using k8s;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Kubernetes.Connection;
using Kubeflow.Orleans.Kubernetes.Ownership;

namespace Kubeflow.Orleans.Silo.Clusters;

/// <summary>Adds the clusters a silo drives.</summary>
internal static class ClusterServices
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddClusters(
        this IServiceCollection services, ImmutableArray<ClusterSettings> clusters, string controlPlane, InsideEndpoint inside, ImmutableArray<ChildKind> kinds)
    {
        foreach (var cluster in clusters)
        {
            services.AddSingleton<ICluster>(provider => new KubernetesCluster(
                new ClusterTransport(() => Configuration(cluster.Access, inside), RequestTimeout, provider.GetRequiredService<TimeProvider>()),
                new ClusterOptions(cluster.Name, Ownership(cluster, controlPlane)) { Kinds = kinds },
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<KubernetesCluster>>()));
        }

        return services.AddHostedService<ClusterLoops>();
    }

    private static ChildOwnership Ownership(ClusterSettings cluster, string controlPlane) =>
        cluster.Access is ClusterAccess.Embedded ? new ReferencedOwnership() : new LabelledOwnership(controlPlane, cluster.Name);

    private static KubernetesClientConfiguration Configuration(ClusterAccess access, InsideEndpoint inside) => access switch
    {
        ClusterAccess.InCluster => KubernetesClientConfiguration.InClusterConfig(),
        ClusterAccess.Kubeconfig file => KubernetesClientConfiguration.BuildConfigFromConfigFile(file.Path, file.Context.Length == 0 ? null : file.Context),
        _ => inside.Configuration(),
    };
}
