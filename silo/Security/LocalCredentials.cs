using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Silo.Security;

/// <summary>
/// What keeps others out of a control plane: a certificate authority and a random token, made at the first start, and this silo's own
/// certificate.
/// </summary>
internal sealed class LocalCredentials
{
    private const string ServerSecret = "server.pem";
    private const string TokenSecret = "token";
    private const int TokenBytes = 32;

    private static readonly string[] OwnNames =
        ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", IPAddress.Loopback.ToString(), IPAddress.IPv6Loopback.ToString()];

    private LocalCredentials(string authorityPem, X509Certificate2 serverCertificate, string token)
    {
        AuthorityPem = authorityPem;
        ServerCertificate = serverCertificate;
        Token = token;
    }

    public string AuthorityPem { get; }

    public X509Certificate2 ServerCertificate { get; }

    public string Token { get; }

    /// <summary>Reads them, making what is missing or about to expire.</summary>
    /// <param name="shared">What all silos of the store have alike.</param>
    /// <param name="own">What is this silo's alone.</param>
    /// <param name="hostNames">What the server is called beside its own names.</param>
    public static async Task<LocalCredentials> LoadAsync(
        CertificateAuthority authority, ISecretStore shared, ISecretStore own, IReadOnlyList<string> hostNames, TimeProvider clock, CancellationToken cancellationToken)
    {
        var server = await ServerAsync(own, authority, hostNames, clock, cancellationToken);
        return new LocalCredentials(authority.Pem, server, await TokenAsync(shared, cancellationToken));
    }

    private static async Task<X509Certificate2> ServerAsync(
        ISecretStore own, CertificateAuthority authority, IReadOnlyList<string> hostNames, TimeProvider clock, CancellationToken cancellationToken)
    {
        var kept = await own.FindAsync(ServerSecret, cancellationToken);
        if (CertificateWithKey.Read(kept, clock)?.WithKey() is { } known && authority.HasSigned(known) && hostNames.All(name => known.MatchesHostname(name)))
        {
            return known;
        }

        var issued = authority.Issue(CertificateRequirements.Server([.. OwnNames, .. hostNames]));
        await own.KeepAsync(ServerSecret, issued.Pem, kept, cancellationToken);
        return issued.WithKey();
    }

    private static async Task<string> TokenAsync(ISecretStore shared, CancellationToken cancellationToken) =>
        await shared.FindAsync(TokenSecret, cancellationToken)
        ?? await shared.KeepAsync(TokenSecret, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes)), null, cancellationToken);
}
