namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>Where the scripts beside a manifest are found: the folder it lies in, or the current one for standard input.</summary>
internal static class ManifestFolder
{
    public static void Annotate(IEnumerable<Manifest> manifests, string file)
    {
        var folder = file == "-" ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(file))!;
        foreach (var manifest in manifests)
        {
            WorkingDirectory.Annotate(manifest.Object, folder);
        }
    }
}
