using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>A key to log in with: the private half as PEM, the public half as a line of <c>authorized_keys</c>.</summary>
internal sealed record SshKeyPair(string PrivateKey, string PublicKey)
{
    private const string KeyType = "ecdsa-sha2-nistp521";
    private const string Curve = "nistp521";
    private const byte Uncompressed = 4;

    public static SshKeyPair Generate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        byte[] blob = [.. Field(Encoding.ASCII.GetBytes(KeyType)), .. Field(Encoding.ASCII.GetBytes(Curve)), .. Field([Uncompressed, .. point.X!, .. point.Y!])];
        return new SshKeyPair(key.ExportECPrivateKeyPem() + "\n", $"{KeyType} {Convert.ToBase64String(blob)}\n");
    }

    /// <summary>Never shown where keys do not belong, as in logs.</summary>
    public override string ToString() => nameof(SshKeyPair);

    /// <summary>A string of the SSH protocol: its length, then its bytes.</summary>
    private static byte[] Field(byte[] content)
    {
        var length = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)content.Length);
        return [.. length, .. content];
    }
}
