using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using k8s;
using Kubeflow.Orleans.Conformance.Tests.Running;
using Xunit;

[assembly: AssemblyFixture(typeof(ControlPlane))]

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>A silo as its own process, on a home folder of its own. Tests share it, each in a namespace of its own.</summary>
public class ControlPlane : IAsyncLifetime
{
    private static int namespaces;

    private RunningProgram? silo;
    private KubernetesClientConfiguration? configuration;

    /// <summary>Kept short: a Unix socket lives in it, whose path may have some hundred characters.</summary>
    public string Home { get; } = Directory.CreateTempSubdirectory("kfo-").FullName;

    public string Kubeconfig => Path.Combine(Home, "kubeconfig");

    public async ValueTask InitializeAsync()
    {
        silo = new ExternalProgram("dotnet", Path.Combine(AppContext.BaseDirectory, "Kubeflow.Orleans.Silo.dll"), "--home", Home, "--port", "0").Start();
        await silo.ShowsAsync("Serving https://");
        await silo.ShowsAsync("kubectl --kubeconfig");
        configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig);
    }

    /// <summary>What the silo has logged: warnings and errors.</summary>
    internal string Log => silo!.Error;

    internal double ResidentMegabytes()
    {
        using var process = System.Diagnostics.Process.GetProcessById(silo!.Id);
        return process.WorkingSet64 / 1e6;
    }

    /// <summary>A client that is logged in.</summary>
    internal RawClient NewClient()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(configuration!.SslCaCerts);
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        var client = new HttpClient(handler) { BaseAddress = new Uri(configuration.Host), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", configuration.AccessToken);
        return new RawClient(client);
    }

    internal async Task<string> NewNamespaceAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"team-{Interlocked.Increment(ref namespaces)}");
        using var client = NewClient();
        var answer = await client.PostAsync("/api/v1/namespaces", $$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{name}}"} }""");
        Assert.True(answer.Code == 201, answer.ToString());
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (silo is not null)
        {
            await silo.SignalAsync("TERM");
            await silo.EndAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
            await silo.DisposeAsync();
        }

        Directory.Delete(Home, recursive: true);
        GC.SuppressFinalize(this);
    }
}
