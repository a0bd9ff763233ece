using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Bootstrap;
using Kubeflow.Orleans.LocalCluster.Endpoints;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.GarbageCollection;
using Kubeflow.Orleans.LocalCluster.Jobs;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Kubeflow.Orleans.LocalCluster.Namespaces;
using Kubeflow.Orleans.LocalCluster.Nodes;
using Kubeflow.Orleans.LocalCluster.Scheduling;
using Kubeflow.Orleans.LocalCluster.Simulation;
using Kubeflow.Orleans.LocalCluster.Subresources;
using Kubeflow.Orleans.LocalCluster.Volumes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using EventRecorder = Kubeflow.Orleans.LocalCluster.Events.EventRecorder;

namespace Kubeflow.Orleans.LocalCluster;

/// <summary>How a host takes the embedded cluster in.</summary>
public static class LocalClusterServices
{
    /// <summary>
    /// Adds Kubernetes' core kinds, their subresources, and what keeps them alive. The host adds the API machinery, an open store and
    /// a running change feed; the feed must be added before, as hosted services start in order.
    /// </summary>
    public static IServiceCollection AddLocalCluster(this IServiceCollection services, Action<LocalClusterOptions>? configure = null)
    {
        var options = new LocalClusterOptions();
        configure?.Invoke(options);
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        AddKinds(services);
        AddSubresources(services);
        services.AddSingleton<ChangeFollower>();
        services.AddSingleton<EventRecorder>();
        services.AddSingleton<IEventRecorder>(provider => provider.GetRequiredService<EventRecorder>());
        services.AddHostedService(provider => provider.GetRequiredService<EventRecorder>());
        services.AddHostedService<ClusterBootstrap>();
        AddControllers(services);
        AddNodes(services);
        return services;
    }

    private static void AddKinds(IServiceCollection services)
    {
        services.AddSingleton<IServiceAddresses, ServiceAddresses>();
        foreach (var create in CoreKinds.Factories)
        {
            services.AddSingleton(provider => create(provider.GetRequiredService<IServiceAddresses>()));
        }
    }

    private static void AddSubresources(IServiceCollection services)
    {
        services.AddSingleton<ISubresource, PodLog>();
        services.AddSingleton<ISubresource, PodBinding>();
        services.AddSingleton<ISubresource, PodEviction>();
        services.AddSingleton<ISubresource>(new PodStreams("exec", "PodExecOptions"));
        services.AddSingleton<ISubresource>(new PodStreams("attach", "PodAttachOptions"));
        services.AddSingleton<ISubresource>(new PodStreams("portforward", "PodPortForwardOptions"));
        services.AddSingleton<ISubresource, NamespaceFinalize>();
    }

    private static void AddControllers(IServiceCollection services)
    {
        services.AddHostedService<Scheduler>();
        services.AddHostedService<GarbageCollector>();
        services.AddHostedService<NamespaceController>();
        services.AddHostedService<NamespaceContentController>();
        services.AddHostedService<ClaimBinder>();
        services.AddHostedService<EndpointSliceController>();
        services.AddHostedService<OrphanedPodCollector>();
        services.AddHostedService<JobController>();
        services.AddHostedService<EventSweeper>();
    }

    private static void AddNodes(IServiceCollection services)
    {
        services.AddHostedService<Simulator>();
        services.AddHostedService<SimulatedLeases>();
        services.AddHostedService<ProcessNode>();
        services.AddSingleton<IKubeletApi, KubeletApi>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<LocalClusterOptions>();
            return new ClusterNetwork(
                new ClusterNetworkOptions { DataDirectory = Path.Combine(options.DataDirectory, "network") },
                provider.GetRequiredService<IKubeletApi>(),
                provider.GetRequiredService<ILogger<ClusterNetwork>>());
        });
        services.AddSingleton<ProcessNodeHost>();
        services.AddHostedService(provider => provider.GetRequiredService<ProcessNodeHost>());
    }
}
