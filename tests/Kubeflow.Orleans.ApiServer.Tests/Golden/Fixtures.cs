namespace Kubeflow.Orleans.ApiServer.Tests.Golden;

/// <summary>Recorded exchanges with upstream systems, kept outside the project.</summary>
internal static class Fixtures
{
    private const string Variable = "KFO_FIXTURES";

    /// <summary>Skips the test, visibly, where the file is not at hand.</summary>
    public static string Require(string relativePath)
    {
        foreach (var root in Roots())
        {
            var path = Path.Combine(root, relativePath);
            if (File.Exists(path))
            {
                return path;
            }
        }

        Assert.Skip($"The fixture {relativePath} is not here; set {Variable} to the directory that holds it.");
        return "";
    }

    private static IEnumerable<string> Roots()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            yield return named;
        }

        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            yield return Path.Combine(directory.FullName, "shared", "fixtures");
            yield return Path.Combine(directory.FullName, "..", "shared", "fixtures");
        }
    }
}
