using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>
/// The Orleans endpoints of a silo that is alone: closed. Orleans' own protocol knows no authentication, so on a laptop any process of
/// any user could otherwise call grains through the loopback ports.
/// </summary>
internal sealed class ClosedTransport : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener(endpoint));

    /// <summary>Puts it in the place of every connection listener Orleans has registered.</summary>
    public static void Use(IServiceCollection services)
    {
        var listeners = services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToList();
        foreach (var listener in listeners)
        {
            services.Remove(listener);
            services.AddKeyedSingleton<IConnectionListenerFactory, ClosedTransport>(listener.ServiceKey);
        }
    }

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(closed.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            closed.TrySetResult(null);
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
