using System.Security.Cryptography;
using System.Text;

namespace Kubeflow.Orleans.Core.Progress;

/// <summary>
/// What lets a program report the progress of one object and do nothing else. It is derived from a key of the control plane and never
/// stored there: whoever has the key can check it.
/// </summary>
public static class ProgressToken
{
    public static string Of(ReadOnlySpan<byte> key, string resource, string uid) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{resource}/{uid}")));

    /// <summary>Takes the same time whatever was presented.</summary>
    public static bool Matches(ReadOnlySpan<byte> key, string resource, string uid, string presented) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Of(key, resource, uid)), Encoding.UTF8.GetBytes(presented));

    /// <summary>The key for these tokens from a secret that is also used otherwise.</summary>
    public static byte[] KeyFrom(string secret) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "progress"u8);
}
