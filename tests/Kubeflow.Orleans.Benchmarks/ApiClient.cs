using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using k8s;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>Clients as the kubeconfig of a home folder has them.</summary>
internal static class ApiClient
{
    public static KubernetesClientConfiguration Configuration(string home) => KubernetesClientConfiguration.BuildConfigFromConfigFile(Path.Combine(home, "kubeconfig"));

    /// <summary>A client with one connection of its own, logged in.</summary>
    public static HttpClient Create(KubernetesClientConfiguration configuration)
    {
        var trusted = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trusted.CustomTrustStore.AddRange(configuration.SslCaCerts);
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trusted } };
        var client = new HttpClient(handler) { BaseAddress = new Uri(configuration.Host) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", configuration.AccessToken);
        return client;
    }
}
