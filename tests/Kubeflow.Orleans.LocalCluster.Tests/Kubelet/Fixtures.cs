using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>Recordings of a real cluster; they are not part of the project.</summary>
internal static class Fixtures
{
    /// <summary>The path of a fixture; the test is skipped, visibly, where there is none.</summary>
    public static string Find(string path)
    {
        var roots = new List<string?> { Environment.GetEnvironmentVariable("KFO_FIXTURES") };
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            roots.Add(Path.Combine(directory.FullName, "shared", "fixtures"));
        }

        var found = roots.OfType<string>().Select(root => Path.Combine(root, path)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, $"The fixture {path} is not here; KFO_FIXTURES names the directory of fixtures.");
        return found!;
    }
}
