namespace Kubeflow.Orleans.Store.Tests.Sqlite;

/// <summary>A directory of one test's own, gone with it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("kfo-store-");

    public string Database => Path.Combine(directory.FullName, "store.db");

    public void Dispose() => directory.Delete(recursive: true);
}
