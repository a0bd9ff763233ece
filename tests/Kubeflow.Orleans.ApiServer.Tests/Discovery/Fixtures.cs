using Xunit;

namespace Kubeflow.Orleans.ApiServer.Tests.Discovery;

/// <summary>Recordings of a real server beside the project; tests that need them skip where they are absent.</summary>
internal static class Fixtures
{
    public static string Path(string relative)
    {
        var found = Roots().Select(root => System.IO.Path.Combine(root, relative)).FirstOrDefault(System.IO.Path.Exists);
        if (found is null)
        {
            Assert.Skip($"Fixture '{relative}' is not here; set KFO_FIXTURES to the folder of fixtures.");
        }

        return found;
    }

    private static IEnumerable<string> Roots()
    {
        if (Environment.GetEnvironmentVariable("KFO_FIXTURES") is { Length: > 0 } configured)
        {
            yield return configured;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return System.IO.Path.Combine(folder.FullName, "shared", "fixtures");
        }
    }
}
