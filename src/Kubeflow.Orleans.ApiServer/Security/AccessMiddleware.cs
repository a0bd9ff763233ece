using Kubeflow.Orleans.ApiServer.Http;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kubeflow.Orleans.ApiServer.Security;

/// <summary>Nobody gets past here without a name and a permission, except to ask whether the server is alive and which version it is.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, IEnumerable<IAuthenticator> authenticators, IAuthorizer authorizer)
{
    private static readonly string[] Open = ["/healthz", "/livez", "/readyz", "/version"];

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<RequestInfo>();
        if (!Open.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            var user = await AuthenticateAsync(context) ?? throw StatusErrors.Unauthorized();
            var decision = await authorizer.AuthorizeAsync(user, request, context.RequestAborted);
            if (!decision.Allowed)
            {
                context.Response.Headers.XContentTypeOptions = "nosniff";
                throw Forbidden(user, request, decision.Reason);
            }

            // The token has done its work; nothing further in may leak it.
            context.Request.Headers.Remove("Authorization");
            context.Features.Set(user);
        }

        await next(context);
    }

    private async ValueTask<UserInfo?> AuthenticateAsync(HttpContext context)
    {
        foreach (var authenticator in authenticators)
        {
            if (await authenticator.AuthenticateAsync(context, context.RequestAborted) is { } user)
            {
                return user;
            }
        }

        return null;
    }

    private static StatusException Forbidden(UserInfo user, RequestInfo request, string reason)
    {
        var because = reason.Length == 0 ? "" : $": {reason}";
        if (!request.IsResource)
        {
            return StatusErrors.Forbidden($"forbidden: User \"{user.Name}\" cannot {request.Verb} path \"{request.Path}\"{because}", new StatusDetails());
        }

        var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
        var qualified = request.Group.Length == 0 ? request.Resource : $"{request.Resource}.{request.Group}";
        var subject = request.Name.Length == 0 ? qualified : $"{qualified} \"{request.Name}\"";
        var scope = request.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{request.Namespace}\"";
        return StatusErrors.Forbidden(
            $"{subject} is forbidden: User \"{user.Name}\" cannot {request.Verb} resource \"{resource}\" in API group \"{request.Group}\" {scope}{because}",
            new StatusDetails { Name = request.Name, Group = request.Group, Kind = request.Resource });
    }
}
