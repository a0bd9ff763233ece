using Kubeflow.Orleans.ApiServer.Http;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kubeflow.Orleans.ApiServer.Progress;

/// <summary>Knows the programs of an object by its progress token, for reports about that object and for nothing else.</summary>
internal sealed class ProgressAuthentication(IResourceService resources, byte[] key) : IAuthenticator
{
    private const string Scheme = "Bearer ";

    public async ValueTask<UserInfo?> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Features.GetRequiredFeature<RequestInfo>();
        var header = context.Request.Headers.Authorization.ToString();
        if (request is not { IsResource: true, Verb: "create", Subresource: ProgressSubresource.Subresource } || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var resource = $"{request.Resource}.{request.Group}";
        var document = await resources.FindAsync(new ResourceKey(resource, request.Namespace, request.Name), cancellationToken);
        return document is not null && ProgressToken.Matches(key, resource, document.Metadata.Uid, header[Scheme.Length..].Trim())
            ? new UserInfo($"system:progress:{document.Metadata.Uid}", document.Metadata.Uid, [UserInfo.AuthenticatedGroup])
            : null;
    }
}
