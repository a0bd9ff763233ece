using Kubeflow.Orleans.ApiServer.Health;
using Kubeflow.Orleans.ApiServer.Http;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer;

/// <summary>How a host takes the Kubernetes-style API in.</summary>
public static class KubernetesApi
{
    /// <summary>
    /// Adds the API machinery. The host adds the rest: an <c>IResourceStore</c>, an <c>IChangeFeed</c> that runs, and one
    /// <see cref="ResourceKind"/> per kind; <see cref="ISubresource"/>, <see cref="IAuthenticator"/>, <see cref="IAuthorizer"/> and
    /// <see cref="IReadinessCheck"/> as it likes.
    /// </summary>
    public static IServiceCollection AddKubernetesApi(this IServiceCollection services, Action<ApiServerOptions>? configure = null)
    {
        services.AddOptions<ApiServerOptions>().Configure(options => configure?.Invoke(options));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<KindCatalog>();
        services.TryAddSingleton(NameGeneration.Random);
        services.TryAddSingleton<ResourceService>();
        services.TryAddSingleton<IResourceService>(provider => provider.GetRequiredService<ResourceService>());
        services.AddSingleton<SubresourceCatalog>();
        services.AddSingleton<ObjectLister>();
        services.AddSingleton<ReadEndpoints>();
        services.AddSingleton<WriteEndpoints>();
        services.AddSingleton<WatchEndpoint>();
        services.AddSingleton<ApiDispatcher>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<IReadinessCheck, StoreReadiness>();
        services.AddSingleton<IAuthenticator, BearerTokenAuthentication>();
        services.TryAddSingleton<IAuthorizer, AllowAuthenticatedUsers>();
        return services;
    }

    /// <summary>
    /// Puts the guards before everything the application serves and maps the API. Endpoints the host maps besides are behind the same
    /// guards; whatever nobody maps is "404 page not found".
    /// </summary>
    public static WebApplication MapKubernetesApi(this WebApplication application)
    {
        application.UseMiddleware<ErrorMiddleware>();
        application.UseMiddleware<RequestGuard>();
        application.UseMiddleware<RequestTimeLimit>();
        application.UseMiddleware<AccessMiddleware>();
        var health = application.Services.GetRequiredService<HealthEndpoints>();
        application.MapGet("/healthz", (RequestDelegate)HealthEndpoints.LiveAsync);
        application.MapGet("/livez", (RequestDelegate)HealthEndpoints.LiveAsync);
        application.MapGet("/readyz", (RequestDelegate)health.ReadyAsync);
        application.Map("/{**path}", (RequestDelegate)application.Services.GetRequiredService<ApiDispatcher>().DispatchAsync);
        return application;
    }

    /// <summary>Kestrel as Kubernetes clients need it; addresses and certificates are the host's.</summary>
    public static void ConfigureForKubernetes(this KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1AndHttp2);

        // A quiet watch is slow on purpose; the default rates would cut it off, and a client's waiting upload with it.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MinRequestBodyDataRate = null;

        // Bodies are measured where they are read, so that the refusal is a Status.
        kestrel.Limits.MaxRequestBodySize = null;

        // Every watch of a client shares its one connection.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }
}
