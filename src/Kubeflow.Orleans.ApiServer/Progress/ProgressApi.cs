using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.ApiServer.Progress;

/// <summary>How a host lets programs report the progress of the objects they work for.</summary>
public static class ProgressApi
{
    /// <param name="kinds">Those that are <see cref="IReportsProgress"/> get the subresource.</param>
    /// <param name="key">What progress tokens are derived from.</param>
    public static IServiceCollection AddProgressReports(this IServiceCollection services, IEnumerable<ResourceKind> kinds, byte[] key)
    {
        services.AddSingleton<ProgressReports>();
        services.AddHostedService(provider => provider.GetRequiredService<ProgressReports>());
        services.AddSingleton<IAuthenticator>(provider => new ProgressAuthentication(provider.GetRequiredService<IResourceService>(), key));
        foreach (var kind in kinds.Where(kind => kind is IReportsProgress))
        {
            services.AddSingleton<ISubresource>(provider => new ProgressSubresource(
                kind.Resource, provider.GetRequiredService<ProgressReports>(), provider.GetRequiredService<TimeProvider>()));
        }

        return services;
    }
}
