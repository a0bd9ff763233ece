using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kfo;

/// <summary><c>kfo</c> with a home folder of its own, whose control plane is stopped at the end if a test left one.</summary>
internal sealed class KfoHome : IAsyncDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("kfo-").FullName;

    public Task<Finished> RunAsync(params string[] arguments) => Program(arguments).RunAsync();

    public RunningProgram Start(params string[] arguments) => Program(arguments).Start();

    /// <summary>Writes a manifest into the home's folder.</summary>
    public async Task<string> WriteAsync(string manifest)
    {
        var file = Path.Combine(Folder, "job.yaml");
        await File.WriteAllTextAsync(file, manifest, TestContext.Current.CancellationToken);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        await Program(["down"]).RunOutsideTestsAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private ExternalProgram Program(IReadOnlyList<string> arguments) => new("dotnet", [Path.Combine(AppContext.BaseDirectory, "kfo.dll"), .. arguments])
    {
        Environment = new Dictionary<string, string> { ["KFO_HOME"] = Folder },
    };
}
