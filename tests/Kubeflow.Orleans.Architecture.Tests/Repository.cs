using System.Xml.Linq;

namespace Kubeflow.Orleans.Architecture.Tests;

/// <summary>The repository's files, found from the test's own place in it.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>Relative paths of sources in a folder, without what the build makes.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"));

    /// <summary>Project names to the names of the projects they reference.</summary>
    public static IReadOnlyDictionary<string, string[]> ProjectReferences { get; } = ((string[])["src", "grains", "silo"]).SelectMany(folder => Files(folder, "*.csproj"))
        .ToDictionary(Name, project => XDocument.Load(PathOf(project)).Descendants("ProjectReference").Select(reference => Name(reference.Attribute("Include")!.Value)).ToArray());

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')).Replace("Kubeflow.Orleans.", "", StringComparison.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kubeflow.Orleans.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
