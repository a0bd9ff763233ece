using System.Globalization;

namespace Kubeflow.Orleans.Store;

/// <summary>The numbered scripts of one database, embedded in this assembly. They only ever go forward.</summary>
internal static class MigrationScripts
{
    /// <summary>The scripts a schema of this version lacks, in order.</summary>
    /// <exception cref="InvalidOperationException">The schema was made by a newer release.</exception>
    public static IReadOnlyList<(long Version, string Sql)> Above(long current, string prefix, string where)
    {
        var scripts = Read(prefix).ToList();
        return current <= scripts[^1].Version
            ? [.. scripts.Where(script => script.Version > current)]
            : throw new InvalidOperationException(
                $"The store '{where}' has schema version {current}; this release knows {scripts[^1].Version}. Use the newer release.");
    }

    private static IEnumerable<(long Version, string Sql)> Read(string prefix)
    {
        var assembly = typeof(MigrationScripts).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return (long.Parse(name.AsSpan(prefix.Length, 4), CultureInfo.InvariantCulture), reader.ReadToEnd());
        }
    }
}
