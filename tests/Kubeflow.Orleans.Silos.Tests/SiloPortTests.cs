using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Silos.Tests.Running;
using Kubeflow.Orleans.Store.Tests.Postgres;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests;

/// <summary>Who gets an answer on the port silos use among themselves.</summary>
public sealed class SiloPortTests(PostgresServer postgres, TargetCluster target)
{
    private const string SiloName = "silo.kubeflow-orleans";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_port_between_silos_answers_only_who_shows_a_silos_certificate()
    {
        await using var cluster = await SiloCluster.StartAsync(postgres, target, silos: 1);
        var authority = (await cluster.QueryAsync<string>("SELECT content FROM secret WHERE name = 'ca.pem'"))[0];
        using var known = X509Certificate2.CreateFromPem(authority, authority);
        using var stranger = SelfSigned("CN=kubeflow-orleans-ca");

        Assert.True(await IsAnsweredAsync(cluster, Issue(known, SiloName)), "a silo");
        Assert.False(await IsAnsweredAsync(cluster, null), "nobody");
        Assert.False(await IsAnsweredAsync(cluster, Issue(known, "localhost")), "another certificate of the authority, as servers of the API have");
        Assert.False(await IsAnsweredAsync(cluster, Issue(stranger, SiloName)), "a silo of another authority of the same name");
    }

    /// <summary>A silo greets whom it lets in.</summary>
    private static async Task<bool> IsAnsweredAsync(SiloCluster cluster, X509Certificate2? certificate)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(AnswerLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(cluster.Silos[0].SiloAddress, limit.Token);
#pragma warning disable CA5359 // Whom a stranger believes is his own affair.
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = SiloName, ClientCertificates = certificate is null ? [] : [certificate] };
            await tls.AuthenticateAsClientAsync(options, limit.Token);
            return await tls.ReadAsync(new byte[1], limit.Token) > 0;
        }
        catch (Exception refusal) when (refusal is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
    }
}
