using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer.Security;

/// <summary>Bearer tokens from the options. Only their hashes are kept, and comparing takes the same time whatever was sent.</summary>
internal sealed class BearerTokenAuthentication(IOptions<ApiServerOptions> options) : IAuthenticator
{
    private const string Scheme = "Bearer ";

    private readonly (byte[] Hash, UserInfo User)[] accepted =
    [
        .. options.Value.Tokens.Select(token => (Hash(token.Token), new UserInfo(token.UserName, token.UserName, [.. token.Groups, UserInfo.AuthenticatedGroup]))),
    ];

    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return ValueTask.FromResult<UserInfo?>(null);
        }

        var presented = Hash(header[Scheme.Length..].Trim());
        UserInfo? found = null;
        foreach (var (hash, user) in accepted)
        {
            found = CryptographicOperations.FixedTimeEquals(hash, presented) ? user : found;
        }

        return ValueTask.FromResult(found);
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
