using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>Registers what the grains need beside a store, a change feed, clusters and state machines.</summary>
public static class GrainsRegistration
{
    public static IServiceCollection AddResourceGrains(this IServiceCollection services) => services
        .AddSingleton<Reconciler>()
        .AddSingleton<Clusters>()
        .AddSingleton<Leftovers>()
        .AddSingleton<Poker>()
        .AddSingleton<SiloShare>()
        .AddHostedService<ChangePoker>()
        .AddHostedService<ChildPoker>()
        .AddHostedService<WakePoker>();
}
