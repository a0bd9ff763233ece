using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>One port of a service with a virtual address, and the ready endpoints behind it.</summary>
internal sealed record ProxiedPort(string Service, string Address, int Port, IReadOnlyList<(string Address, int Port)> Endpoints);

/// <summary>Answers on the virtual addresses of services and passes TCP connections on to ready pods, in turn.</summary>
internal sealed partial class ServiceProxy(ILogger logger) : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private readonly Dictionary<(string Address, int Port), Listener> listeners = [];
    private readonly HashSet<(string Address, int Port)> refused = [];
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Makes the open ports those of <paramref name="ports"/>. Not for concurrent callers.</summary>
    public void Update(IReadOnlyCollection<ProxiedPort> ports)
    {
        var wanted = ports.GroupBy(port => (port.Address, port.Port)).ToDictionary(group => group.Key, group => group.First());
        foreach (var (key, listener) in listeners.Where(entry => !wanted.ContainsKey(entry.Key)).ToList())
        {
            listener.Dispose();
            listeners.Remove(key);
        }

        foreach (var (key, port) in wanted)
        {
            if (listeners.TryGetValue(key, out var listener))
            {
                listener.Port = port;
            }
            else if (Open(port) is { } opened)
            {
                listeners[key] = opened;
            }
        }
    }

    public void Dispose()
    {
        stopping.Cancel();
        foreach (var listener in listeners.Values)
        {
            listener.Dispose();
        }

        stopping.Dispose();
    }

    private Listener? Open(ProxiedPort port)
    {
        var listener = new Listener(port);
        try
        {
            listener.Socket.Start();
        }
        catch (SocketException exception)
        {
            // Tried again with every update; told once.
            if (refused.Add((port.Address, port.Port)))
            {
                LogCannotListen(logger, port.Service, port.Address, port.Port, exception.Message);
            }

            listener.Dispose();
            return null;
        }

        _ = AcceptAsync(listener, stopping.Token);
        return listener;
    }

    private async Task AcceptAsync(Listener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                _ = ServeAsync(await listener.Socket.AcceptTcpClientAsync(cancellationToken), listener, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The port was closed: nobody is left to tell.
        }
    }

    private async Task ServeAsync(TcpClient client, Listener listener, CancellationToken cancellationToken)
    {
        using (client)
        {
            try
            {
                using var server = await ConnectAsync(listener, cancellationToken);
                if (server is null)
                {
                    return;
                }

                await Task.WhenAll(CopyAsync(client, server, cancellationToken), CopyAsync(server, client, cancellationToken));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
            {
                LogConnectionBroke(logger, listener.Port.Service, exception.Message);
            }
        }
    }

    /// <summary>The first endpoint in turn that takes the connection.</summary>
    private static async Task<TcpClient?> ConnectAsync(Listener listener, CancellationToken cancellationToken)
    {
        var endpoints = listener.Port.Endpoints;
        for (var tries = 0; tries < endpoints.Count; tries++)
        {
            var (address, port) = endpoints[(int)(listener.NextTurn() % endpoints.Count)];
            var server = new TcpClient();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectLimit);
            try
            {
                await server.ConnectAsync(IPAddress.Parse(address), port, limit.Token);
                return server;
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                server.Dispose();
            }
        }

        return null;
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to, CancellationToken cancellationToken)
    {
        await from.GetStream().CopyToAsync(to.GetStream(), cancellationToken);
        to.Client.Shutdown(SocketShutdown.Send);
    }

    private sealed class Listener(ProxiedPort port) : IDisposable
    {
        private uint turn;

        public TcpListener Socket { get; } = new(IPAddress.Parse(port.Address), port.Port);

        public ProxiedPort Port { get; set; } = port;

        public uint NextTurn() => Interlocked.Increment(ref turn);

        public void Dispose() => Socket.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Service {Service} cannot listen on {Address}:{Port}: {Problem}")]
    private static partial void LogCannotListen(ILogger logger, string service, string address, int port, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection through service {Service} broke: {Problem}")]
    private static partial void LogConnectionBroke(ILogger logger, string service, string problem);
}
