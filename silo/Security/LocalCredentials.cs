using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>
/// What keeps others out of a control plane on loopback: a certificate authority and a random token, made at the first start and kept
/// in the home folder, readable by the user only.
/// </summary>
internal sealed class LocalCredentials
{
    private static readonly string[] OwnNames = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

    private const int TokenBytes = 32;
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan ServerLife = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private LocalCredentials(string authorityPem, X509Certificate2 serverCertificate, string token)
    {
        AuthorityPem = authorityPem;
        ServerCertificate = serverCertificate;
        Token = token;
    }

    public string AuthorityPem { get; }

    public X509Certificate2 ServerCertificate { get; }

    public string Token { get; }

    /// <summary>Reads them from <paramref name="home"/>, making what is missing or about to expire.</summary>
    /// <param name="hostNames">What the server is called beside its own names.</param>
    public static async Task<LocalCredentials> LoadAsync(string home, IReadOnlyList<string> hostNames, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(home, "pki");
        PrivateFiles.CreateDirectory(home);
        PrivateFiles.CreateDirectory(folder);
        using var authority = await AuthorityAsync(folder, clock, cancellationToken);
        var server = await ServerAsync(folder, authority, [.. OwnNames, .. hostNames], clock, cancellationToken);
        return new LocalCredentials(authority.ExportCertificatePem(), server, await TokenAsync(folder, cancellationToken));
    }

    private static async Task<X509Certificate2> AuthorityAsync(string folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await ReadAsync(folder, "ca", clock, cancellationToken) is { } known)
        {
            return known;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubeflow-orleans-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = clock.GetUtcNow();
        var made = request.CreateSelfSigned(now - ClockSkew, now + AuthorityLife);
        await WriteAsync(folder, "ca", made, key, cancellationToken);
        return made;
    }

    private static async Task<X509Certificate2> ServerAsync(
        string folder, X509Certificate2 authority, IReadOnlyList<string> hostNames, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await ReadAsync(folder, "server", clock, cancellationToken) is { } known && known.Issuer == authority.Subject && hostNames.All(name => known.MatchesHostname(name)))
        {
            return known;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubeflow-orleans", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in hostNames)
        {
            names.AddDnsName(name);
        }

        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var now = clock.GetUtcNow();
        using var signed = request.Create(authority, now - ClockSkew, now + ServerLife, RandomNumberGenerator.GetBytes(16));
        await WriteAsync(folder, "server", signed, key, cancellationToken);
        return signed.CopyWithPrivateKey(key);
    }

    private static async Task<string> TokenAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "token");
        if (File.Exists(path) && await File.ReadAllTextAsync(path, cancellationToken) is { Length: > 0 } known)
        {
            return known;
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        await PrivateFiles.WriteAsync(path, token, cancellationToken);
        return token;
    }

    /// <summary>The certificate of that name, unless it is missing, broken or about to expire.</summary>
    private static async Task<X509Certificate2?> ReadAsync(string folder, string name, TimeProvider clock, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, name + ".pem");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var pem = await File.ReadAllTextAsync(path, cancellationToken);
            var certificate = X509Certificate2.CreateFromPem(pem, pem);
            return certificate.NotAfter.ToUniversalTime() > (clock.GetUtcNow() + RenewBefore).UtcDateTime ? certificate : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static Task WriteAsync(string folder, string name, X509Certificate2 certificate, ECDsa key, CancellationToken cancellationToken) =>
        PrivateFiles.WriteAsync(Path.Combine(folder, name + ".pem"), $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n", cancellationToken);
}
