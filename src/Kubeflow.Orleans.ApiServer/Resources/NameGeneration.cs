using System.Security.Cryptography;

namespace Kubeflow.Orleans.ApiServer.Resources;

/// <summary>Names from <c>metadata.generateName</c>.</summary>
/// <param name="suffix">Five characters, new ones each time.</param>
public sealed class NameGeneration(Func<string> suffix)
{
    /// <summary>How often a fresh name is tried before giving up.</summary>
    internal const int Attempts = 8;

    private const int SuffixLength = 5;

    private const int LongestPrefix = 63 - SuffixLength;

    /// <summary>Without vowels no bad words, without 0 1 3 no mistakes in reading.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    public static NameGeneration Random { get; } = new(() => RandomNumberGenerator.GetString(Alphabet, SuffixLength));

    internal static string Prefix(string generateName) => generateName.Length > LongestPrefix ? generateName[..LongestPrefix] : generateName;

    internal string Next(string generateName) => Prefix(generateName) + suffix();
}
