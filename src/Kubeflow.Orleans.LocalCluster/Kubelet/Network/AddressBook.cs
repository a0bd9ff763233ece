using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// Which loopback address belongs to which name of a namespace, for good: a peer can be told an address before anybody listens there,
/// and a restart changes nothing. An append-only file of <c>namespace/name address</c> lines; <c>-</c> gives an address back.
/// </summary>
internal sealed class AddressBook : IDisposable
{
    /// <summary>Stands for every address where the host has only one loopback address (macOS without aliases).</summary>
    private const string OnlyAddress = "127.0.0.1";

    private const uint First = 127u << 24 | 64 << 16;
    private const uint Last = 127u << 24 | 127 << 16 | 0xFFFF;

    private readonly Lock gate = new();
    private readonly Dictionary<string, string> addresses = new(StringComparer.Ordinal);
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly bool manyAddresses = HasManyAddresses();
    private readonly StreamWriter journal;
    private uint next;

    public AddressBook(string path)
    {
        // Control planes on one machine share its loopback addresses: each begins somewhere of its own, so they hardly ever meet.
        next = First + (StableHash.Of(Path.GetFullPath(path)) % (Last - First + 1));
        if (File.Exists(path))
        {
            Replay(File.ReadLines(path));
        }

        DurableFile.Write(path, System.Text.Encoding.UTF8.GetBytes(string.Concat(addresses.Select(entry => $"{entry.Key} {entry.Value}\n"))));
        journal = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>The name's address, reserved now if it had none.</summary>
    public string Reserve(string @namespace, string name)
    {
        var key = $"{@namespace}/{name}";
        lock (gate)
        {
            if (addresses.TryGetValue(key, out var address))
            {
                return address;
            }

            address = manyAddresses ? NextFree() : OnlyAddress;
            journal.WriteLine($"{key} {address}");
            addresses[key] = address;
            taken.Add(address);
            return address;
        }
    }

    /// <summary>Gives a name's address back.</summary>
    public void Release(string @namespace, string name)
    {
        var key = $"{@namespace}/{name}";
        lock (gate)
        {
            if (addresses.Remove(key, out var address))
            {
                journal.WriteLine($"{key} -");
                taken.Remove(address);
            }
        }
    }

    /// <summary>Whether the address is one of ours to give.</summary>
    public static bool Contains(string address) =>
        IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork && ToNumber(parsed) is >= First and <= Last;

    public void Dispose() => journal.Dispose();

    private void Replay(IEnumerable<string> lines)
    {
        foreach (var parts in lines.Select(line => line.Split(' ')).Where(parts => parts.Length == 2))
        {
            if (parts[1] == "-")
            {
                addresses.Remove(parts[0]);
            }
            else
            {
                addresses[parts[0]] = parts[1];
            }
        }

        taken.UnionWith(addresses.Values);
        next = taken.Where(Contains).Select(address => ToNumber(IPAddress.Parse(address)) + 1).DefaultIfEmpty(next).Max();
    }

    /// <summary>Goes round the whole range before an address is used again; .0 and .255 look like networks to some programs.</summary>
    private string NextFree()
    {
        for (var tries = 0u; tries <= Last - First; tries++)
        {
            var candidate = next;
            next = next >= Last ? First : next + 1;
            var text = string.Create(CultureInfo.InvariantCulture, $"{candidate >> 24}.{candidate >> 16 & 255}.{candidate >> 8 & 255}.{candidate & 255}");
            if ((candidate & 255) is not (0 or 255) && !taken.Contains(text))
            {
                return text;
            }
        }

        throw new InvalidOperationException("Every loopback address of 127.64.0.0/10 is taken.");
    }

    private static uint ToNumber(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static bool HasManyAddresses()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.64.0.1"), 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
