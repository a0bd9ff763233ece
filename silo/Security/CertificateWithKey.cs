using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>A certificate and its private key as they are kept: one text in PEM form.</summary>
internal sealed record CertificateWithKey(string Pem)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public static CertificateWithKey Of(X509Certificate2 certificate, ECDsa key) => new($"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");

    /// <summary>What was kept, unless it is missing, broken or about to expire.</summary>
    public static CertificateWithKey? Read(string? pem, TimeProvider clock)
    {
        if (pem is null)
        {
            return null;
        }

        try
        {
            var kept = new CertificateWithKey(pem);
            using var certificate = kept.WithKey();
            return certificate.NotAfter.ToUniversalTime() > (clock.GetUtcNow() + RenewBefore).UtcDateTime ? kept : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public X509Certificate2 WithKey() => X509Certificate2.CreateFromPem(Pem, Pem);

    // The key is nobody's to read.
    public override string ToString() => nameof(CertificateWithKey);
}
