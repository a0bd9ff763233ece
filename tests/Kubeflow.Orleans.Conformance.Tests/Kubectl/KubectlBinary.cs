using System.Text.Json.Nodes;
using Kubeflow.Orleans.Conformance.Tests.Running;

namespace Kubeflow.Orleans.Conformance.Tests.Kubectl;

/// <summary>A kubectl that is installed here.</summary>
internal sealed record KubectlBinary(string Path, string Version)
{
    /// <summary>Where several versions are kept side by side: Google's SDK, and packages unpacked by <c>tests/run.sh</c>.</summary>
    private static readonly string[] Folders =
    [
        System.IO.Path.Combine(Repository.Root, "artifacts", "kubectl", "usr", "bin"),
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator),
        "/usr/lib/google-cloud-sdk/bin",
    ];

    private static readonly Lazy<Task<IReadOnlyDictionary<string, KubectlBinary>>> Found = new(FindAsync);

    /// <summary>One of each version, by version: 1.20, 1.33, 1.32-dispatcher.</summary>
    public static Task<IReadOnlyDictionary<string, KubectlBinary>> InstalledAsync() => Found.Value;

    private static async Task<IReadOnlyDictionary<string, KubectlBinary>> FindAsync()
    {
        var found = new Dictionary<string, KubectlBinary>(StringComparer.Ordinal);
        foreach (var path in Folders.Distinct().Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "kubectl*").Order(StringComparer.Ordinal)))
        {
            var version = await new ExternalProgram(path, "version", "--client", "--output=json").RunAsync(CancellationToken.None);
            if (version.ExitCode == 0)
            {
                var binary = new KubectlBinary(path, ShortVersion(version.Output));
                found.TryAdd(binary.Version, binary);
            }
        }

        return found;
    }

    /// <summary>Patch releases behave alike; Google's dispatcher starts the version that fits the server.</summary>
    private static string ShortVersion(string json)
    {
        var client = JsonNode.Parse(json)!["clientVersion"]!;
        var full = (string)client["gitVersion"]!;
        var dispatcher = full.Contains("dispatcher", StringComparison.Ordinal) ? "-dispatcher" : "";
        return string.Join('.', full.TrimStart('v').Split('.').Take(2)) + dispatcher;
    }
}
