using System.Net;

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
}
