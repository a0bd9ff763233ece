using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>The repository around the tests, and the upstream manifests beside it.</summary>
internal static class Repository
{
    public static string Root { get; } = Folders().First(folder => File.Exists(Path.Combine(folder, "Kubeflow.Orleans.sln")));

    public static string Sample(string name) => Path.Combine(Root, "deploy", "samples", name);

    /// <summary>The folder of upstream manifests, null where they are absent.</summary>
    public static string? Fixtures { get; } = ((string[])[Environment.GetEnvironmentVariable("KFO_FIXTURES") ?? "", .. Folders().Select(folder => Path.Combine(folder, "shared", "fixtures"))])
        .FirstOrDefault(Directory.Exists);

    /// <summary>Upstream's manifests of one of our kinds; skips the test where they are absent.</summary>
    public static string Fixture(string relative)
    {
        Assert.SkipWhen(Fixtures is null, "The upstream manifests are not here; set KFO_FIXTURES to the folder of fixtures.");
        return Path.Combine(Fixtures, relative);
    }

    private static IEnumerable<string> Folders()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
