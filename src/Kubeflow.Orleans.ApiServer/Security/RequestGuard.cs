using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Kubeflow.Orleans.ApiServer.Security;

/// <summary>
/// Keeps web pages out of a server on loopback: a request under a foreign host name comes from a rebound name, one with a foreign
/// Origin from somebody else's page. Either way the browser's user did not mean it.
/// </summary>
internal sealed class RequestGuard(RequestDelegate next, IOptions<ApiServerOptions> options)
{
    private readonly HashSet<string> allowed = new(options.Value.AllowedHosts, StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!allowed.Contains("*") && !allowed.Contains(request.Host.Host))
        {
            throw StatusErrors.Forbidden("forbidden: this server is not known by the host name of the request", new StatusDetails());
        }

        if (request.Headers.Origin is [{ } origin, ..] && origin != $"{request.Scheme}://{request.Host}")
        {
            throw StatusErrors.Forbidden("forbidden: requests from pages of another origin are refused", new StatusDetails());
        }

        return next(context);
    }
}
