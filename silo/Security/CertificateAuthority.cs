using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>Whom a certificate is made out to, and what it may be used for.</summary>
/// <param name="Names">Names and IP addresses.</param>
/// <param name="Usages">Object identifiers of extended key usages.</param>
internal sealed record CertificateRequirements(string Subject, IReadOnlyList<string> Names, IReadOnlyList<string> Usages)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public static CertificateRequirements Server(IReadOnlyList<string> names) => new("CN=kubeflow-orleans", names, [ServerAuthentication]);

    /// <summary>For who is a server to some and a client of others.</summary>
    public static CertificateRequirements Peer(string name) => new($"CN={name}", [name], [ServerAuthentication, ClientAuthentication]);
}

/// <summary>
/// The control plane's own certificate authority, made at its first start. All silos of a store have the same, so what one of them shows is
/// believed by who knows any of them.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    private const string SecretName = "ca.pem";

    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);
    private static readonly TimeSpan IssuedLife = TimeSpan.FromDays(365);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly TimeProvider clock;

    private CertificateAuthority(X509Certificate2 certificate, TimeProvider clock)
    {
        Certificate = certificate;
        this.clock = clock;
    }

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem();

    public static async Task<CertificateAuthority> LoadAsync(ISecretStore secrets, TimeProvider clock, CancellationToken cancellationToken)
    {
        var kept = await secrets.FindAsync(SecretName, cancellationToken);
        if (CertificateWithKey.Read(kept, clock) is not { } usable)
        {
            // Another silo may make one at the same time: what is kept is everybody's.
            kept = await secrets.KeepAsync(SecretName, Make(clock).Pem, kept, cancellationToken);
            usable = CertificateWithKey.Read(kept, clock) ?? throw new CryptographicException("The certificate authority that is kept cannot be used.");
        }

        return new CertificateAuthority(usable.WithKey(), clock);
    }

    public CertificateWithKey Issue(CertificateRequirements requirements)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(requirements.Subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in requirements.Names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. requirements.Usages.Select(usage => new Oid(usage))], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        var now = clock.GetUtcNow();
        using var signed = request.Create(Certificate, now - ClockSkew, now + IssuedLife, RandomNumberGenerator.GetBytes(16));
        return CertificateWithKey.Of(signed, key);
    }

    /// <summary>Whether this authority, and not just one of the same name, signed it.</summary>
    public bool HasSigned(X509Certificate2 certificate)
    {
        var signer = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;
        var own = Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().First().SubjectKeyIdentifierBytes;
        return signer is { } identifier && identifier.Span.SequenceEqual(own.Span);
    }

    public void Dispose() => Certificate.Dispose();

    private static CertificateWithKey Make(TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubeflow-orleans-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = clock.GetUtcNow();
        using var made = request.CreateSelfSigned(now - ClockSkew, now + Life);
        return CertificateWithKey.Of(made, key);
    }
}
