using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Reading;
using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

/// <summary>Upstream's own manifests, where they are at hand; tests that need them are skipped visibly where they are not.</summary>
internal static class TrainingManifests
{
    public static IEnumerable<string> Jobs => Root is null ? [""] : Directory.EnumerateFiles(Path.Combine(Root, "training", "v1"), "*.yaml")
        .Select(file => Path.GetFileName(file))
        .Where(name => TrainingFamily.Kinds.Any(kind => name.StartsWith(kind.Singular + "-", StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal);

    private static string? Root { get; } = Environment.GetEnvironmentVariable("KFO_FIXTURES") is { Length: > 0 } named ? named : Search();

    public static JsonObject Read(params ReadOnlySpan<string> path)
    {
        if (Root is null)
        {
            Assert.Skip("The upstream fixtures are not here; KFO_FIXTURES names their folder.");
        }

        return YamlDocuments.Read(File.ReadAllText(Path.Combine([Root, "training", .. path]))).Single().Node.AsObject();
    }

    private static string? Search()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var candidate = new[] { "shared/fixtures", "../shared/fixtures" }.Select(name => Path.GetFullPath(Path.Combine(directory.FullName, name))).FirstOrDefault(Directory.Exists);
            if (candidate is not null)
            {
                return candidate;
            }
        }

        return null;
    }
}
