using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Kubectl;

/// <summary>One version of kubectl in a namespace of its own.</summary>
internal sealed class KubectlSession
{
    private readonly string path;
    private readonly string[] connection;
    private readonly Dictionary<string, string> environment;

    private KubectlSession(KubectlBinary binary, ControlPlane controlPlane, string team)
    {
        path = binary.Path;
        Namespace = team;
        connection = ["--kubeconfig", controlPlane.Kubeconfig, "--namespace", team];
        var cache = Path.Combine(controlPlane.Home, "kubectl", binary.Version);

        // Versions write their discovery caches in different formats.
        environment = new Dictionary<string, string> { ["KUBECACHEDIR"] = cache, ["HOME"] = cache, ["KUBECONFIG"] = controlPlane.Kubeconfig };
    }

    /// <summary>The versions that are in use, and whatever else is installed here.</summary>
    public static async Task<TheoryData<string>> VersionsAsync()
    {
        var installed = await KubectlBinary.InstalledAsync();
        return [.. ((string[])["1.20", "1.27", "1.28", "1.29", "1.30", "1.31", "1.32", "1.33"]).Union(installed.Keys).Order(StringComparer.Ordinal)];
    }

    public string Namespace { get; }

    /// <summary>Skips the test where that version is not installed.</summary>
    public static async Task<KubectlSession> OpenAsync(ControlPlane controlPlane, string version)
    {
        var installed = await KubectlBinary.InstalledAsync();
        Assert.SkipUnless(installed.ContainsKey(version), $"kubectl {version} is not installed here.");
        return new KubectlSession(installed[version], controlPlane, await controlPlane.NewNamespaceAsync());
    }

    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).Succeeded();

    public Task<Finished> TryAsync(params string[] arguments) => Program(arguments).RunAsync();

    public RunningProgram Start(params string[] arguments) => Program(arguments).Start();

    public Task<Finished> ApplyAsync(string manifest, params string[] arguments) =>
        (Program(["apply", "--filename=-", .. arguments]) with { Input = manifest }).RunAsync();

    public Task<Finished> DeleteAsync(string manifest) => (Program(["delete", "--filename=-"]) with { Input = manifest }).RunAsync();

    private ExternalProgram Program(IReadOnlyList<string> arguments) => new(path, [.. connection, .. arguments]) { Environment = environment };
}
