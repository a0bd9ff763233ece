using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Silo;
using Xunit;

[assembly: AssemblyFixture(typeof(TargetCluster))]

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>
/// The cluster jobs are run in: that of the kubeconfig in KFO_TEST_KUBECONFIG, else an embedded one. It is reached like any cluster, over
/// HTTPS with a kubeconfig. A real one without ready nodes gets a kubelet of ours.
/// </summary>
public sealed class TargetCluster : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kfo-target-");
    private RunningSilo? embedded;
    private PretendedKubelet? kubelet;

    public string Kubeconfig { get; private set; } = "";

    /// <summary>A folder for files of the tests, which goes with the cluster.</summary>
    public string Scratch => folder.FullName;

    public bool IsEmbedded => embedded is not null;

    internal Api Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Kubeconfig = Environment.GetEnvironmentVariable("KFO_TEST_KUBECONFIG") ?? "";
        if (Kubeconfig.Length == 0)
        {
            embedded = await SiloHost.StartAsync(
                new SiloSettings { Home = folder.FullName, Port = 0, StopsOnSignals = false, SimulatedNodes = 20, LogLevel = "Error" }, TestContext.Current.CancellationToken);
            Kubeconfig = embedded.KubeconfigPath;
        }

        Api = new Api(Kubeconfig);
        var nodes = await Api.ListAsync("api/v1/nodes");
        if (!nodes.Any(IsReady))
        {
            kubelet = await PretendedKubelet.StartAsync(Api);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (kubelet is not null)
        {
            await kubelet.DisposeAsync();
        }

        Api.Dispose();
        if (embedded is not null)
        {
            await embedded.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A namespace of a test's own; disposing removes it with all that is in it.</summary>
    internal async Task<TestNamespace> NamespaceAsync()
    {
        var name = NewName();
        await Api.CreateAsync("api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } });
        await Until.TrueAsync($"the service account of {name}", async () => IsEmbedded || await Api.FindAsync($"api/v1/namespaces/{name}/serviceaccounts/default") is not null);
        return new TestNamespace(this, name);
    }

    /// <summary>A namespace nobody has made; disposing removes it, should it have been made meanwhile.</summary>
    internal TestNamespace Unmade() => new(this, NewName());

    private static string NewName() => $"{TestNamespace.Prefix}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";

    private static bool IsReady(JsonObject node) => node.Condition("Ready") is { } ready && (string?)ready["status"] == "True";
}

/// <summary>A namespace in the target cluster that goes with its test.</summary>
internal sealed class TestNamespace(TargetCluster cluster, string name) : IAsyncDisposable
{
    public const string Prefix = "kfo-test-";

    public string Name => name;

    public string Pods => $"api/v1/namespaces/{name}/pods";

    public string Services => $"api/v1/namespaces/{name}/services";

    public string Events => $"api/v1/namespaces/{name}/events";

    public string Jobs => $"apis/kubeflow.org/v1/namespaces/{name}/tfjobs";

    public static bool IsOne(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    public async ValueTask DisposeAsync() => await cluster.Api.DeleteAsync($"api/v1/namespaces/{name}");
}
