using System.Net.Sockets;
using System.Security.Cryptography;
using k8s;

using Kubeflow.Orleans.Silo.Security;

namespace Kubeflow.Orleans.Silo;

/// <summary>
/// How the control plane reaches its own embedded cluster: the same API over a socket in the home folder, with a token that lives as
/// long as the process. To the code above it is a cluster like any other.
/// </summary>
internal sealed class InsideEndpoint
{
    /// <summary>What fits into a socket address on every Unix.</summary>
    private const int LongestPath = 100;

    public InsideEndpoint(string home)
    {
        var folder = Path.Combine(home, "run");
        if (Path.Combine(folder, "api.sock").Length > LongestPath)
        {
            // A new name each time: a folder somebody else made beforehand could not be trusted.
            folder = Directory.CreateTempSubdirectory("kfo-").FullName;
        }

        PrivateFiles.CreateDirectory(folder);
        SocketPath = Path.Combine(folder, "api.sock");
    }

    public string SocketPath { get; }

    public string Token { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>
    /// Takes away the socket of an earlier life, which would keep a new one from being bound. Only for who owns the home: the socket may
    /// otherwise be that of a silo that runs.
    /// </summary>
    public void RemoveStaleSocket() => File.Delete(SocketPath);

    public KubernetesClientConfiguration Configuration() => new()
    {
        Host = "http://localhost",
        AccessToken = Token,
        DisableHttp2 = true,
        FirstMessageHandlerSetup = handler => handler.ConnectCallback = ConnectAsync,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
