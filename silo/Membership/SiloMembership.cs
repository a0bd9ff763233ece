using System.Net;
using System.Net.Sockets;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>A silo's place in a cluster of silos: those that share the database are one control plane.</summary>
/// <param name="Address">Where the other silos reach this one, and where it listens for them; no two silos may have the same.</param>
public sealed record SiloMembership(DatabaseSettings Database, IPEndPoint Address)
{
    public const int DefaultPort = 11111;

    /// <summary>Parses <c>IP</c> or <c>IP:PORT</c>.</summary>
    /// <exception cref="ArgumentException">The message says what is wrong.</exception>
    public static IPEndPoint ParseAddress(string text)
    {
        if (!IPEndPoint.TryParse(text, out var address) || address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any))
        {
            throw new ArgumentException($"--silo-address takes the IP address other silos reach this one by, and a port if it is not {DefaultPort}: IP or IP:PORT, not '{text}'.");
        }

        return address.Port == 0 ? new IPEndPoint(address.Address, DefaultPort) : address;
    }

    /// <summary>
    /// Orleans takes a silo that joins at the address of another for that one's successor, and ends the other: asked before anything is
    /// told to the cluster.
    /// </summary>
    /// <exception cref="IOException">Somebody listens there, or it is no address of this machine.</exception>
    internal void RequireFreeAddress()
    {
        using var listener = new TcpListener(Address);
        try
        {
            listener.Start();
        }
        catch (SocketException problem)
        {
            throw new IOException($"The address {Address} cannot be listened on: {problem.Message}", problem);
        }
    }
}
