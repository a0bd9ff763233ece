using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.ApiServer.Security;

/// <summary>Who makes a request.</summary>
public sealed record UserInfo(string Name, string Uid, ImmutableArray<string> Groups)
{
    /// <summary>Every user somebody vouched for is in this group.</summary>
    public const string AuthenticatedGroup = "system:authenticated";
}

/// <summary>A bearer token and the user it stands for.</summary>
public sealed record AcceptedToken(string Token, string UserName, ImmutableArray<string> Groups);

/// <summary>One way of telling who makes a request. All are asked in turn; the first answer counts.</summary>
public interface IAuthenticator
{
    /// <summary>Null when the request carries nothing this way accepts.</summary>
    ValueTask<UserInfo?> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken);
}

/// <summary>Whether a user may do what a request asks.</summary>
public interface IAuthorizer
{
    ValueTask<AuthorizationDecision> AuthorizeAsync(UserInfo user, RequestInfo request, CancellationToken cancellationToken);
}

/// <param name="Reason">Appended to the refusal; may be empty.</param>
public readonly record struct AuthorizationDecision(bool Allowed, string Reason = "");

/// <summary>Everybody who is somebody may do everything: one user's laptop.</summary>
internal sealed class AllowAuthenticatedUsers : IAuthorizer
{
    public ValueTask<AuthorizationDecision> AuthorizeAsync(UserInfo user, RequestInfo request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new AuthorizationDecision(user.Groups.Contains(UserInfo.AuthenticatedGroup)));
}
