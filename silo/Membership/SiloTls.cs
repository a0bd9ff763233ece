using System.Security.Cryptography.X509Certificates;
using Kubeflow.Orleans.Silo.Security;
using Orleans.Connections.Security;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>
/// Keeps everybody who is not a silo of this cluster away from Orleans' own port, whose protocol knows no authentication: both ends show a
/// certificate that only who reads the shared database can make.
/// </summary>
internal sealed class SiloTls(X509Certificate2 authority, X509Certificate2 own)
{
    /// <summary>What every silo's certificate is made out to, and no other certificate of the authority.</summary>
    public const string Name = "silo.kubeflow-orleans";

    /// <summary>A certificate of this process, kept nowhere.</summary>
    public static SiloTls Create(CertificateAuthority authority) =>
        new(X509CertificateLoader.LoadCertificate(authority.Certificate.RawData), authority.Issue(CertificateRequirements.Peer(Name)).WithKey());

    public void Use(ISiloBuilder silo) => silo.UseTls(own, options =>
    {
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (certificate, _, _) => IsSilo(certificate);
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = Name;
    });

    /// <summary>Signed by our authority and made out to a silo. What the system trusts counts for nothing here.</summary>
    public bool IsSilo(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return certificate.MatchesHostname(Name) && chain.Build(certificate);
    }
}
