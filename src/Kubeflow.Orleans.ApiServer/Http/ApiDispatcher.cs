using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>Finds the kind a request is about and the endpoint for its verb; everything no other route has taken arrives here.</summary>
internal sealed class ApiDispatcher(KindCatalog catalog, SubresourceCatalog subresources, ReadEndpoints reads, WriteEndpoints writes, WatchEndpoint watches, TimeProvider time)
{
    public Task DispatchAsync(HttpContext context)
    {
        var info = context.Features.GetRequiredFeature<RequestInfo>();
        var kind = info.IsResource ? catalog.Find(info.Group, info.Resource) : null;
        if (kind is null || !kind.Versions.Any(version => version.Name == info.Version) || !FitsScope(kind, info))
        {
            return Responses.WriteTextAsync(context, StatusCodes.Status404NotFound, "404 page not found\n");
        }

        var request = new KindRequest(context, info, kind, time);
        return info switch
        {
            { Subresource.Length: > 0 } => DispatchSubresource(request),

            // A list that selects one name carries it for the authorizer, and is a list all the same.
            { Name.Length: > 0, Verb: not ("list" or "watch" or "deletecollection") } => DispatchItem(request),
            _ => DispatchCollection(request),
        };
    }

    private Task DispatchCollection(KindRequest request) => request.Info.Verb switch
    {
        "list" => reads.ListAsync(request),
        "watch" => watches.WatchAsync(request),
        "create" => writes.CreateAsync(request),
        "deletecollection" => writes.DeleteCollectionAsync(request),
        "update" or "patch" when request.Kind is not IBuiltInKind => throw StatusErrors.BadRequest("name must be provided"),
        _ => throw StatusErrors.MethodNotAllowed(),
    };

    private Task DispatchItem(KindRequest request) => request.Info.Verb switch
    {
        "get" => reads.GetAsync(request),
        "update" => writes.PutAsync(request),
        "patch" => writes.PatchAsync(request),
        "delete" => writes.DeleteAsync(request),
        "create" when request.Kind is not IBuiltInKind => writes.CreateAsync(request),
        _ => throw StatusErrors.MethodNotAllowed(),
    };

    private Task DispatchSubresource(KindRequest request)
    {
        if (subresources.Find(request.Info) is { } subresource)
        {
            return subresource.Verbs.Contains(request.Info.Verb)
                ? subresource.HandleAsync(request.Context, request.Kind, request.Namespace, request.Info.Name)
                : throw StatusErrors.MethodNotAllowed();
        }

        var served = request.Info.Subresource switch
        {
            "status" => request.Kind.HasStatus,
            "scale" => request.Kind.Scale is not null,
            _ => false,
        };
        return (served, request.Info.Verb) switch
        {
            (false, _) => throw StatusErrors.NotFound(request.Kind, request.Info.Name),
            (_, "get") => reads.GetAsync(request),
            (_, "update") => writes.PutAsync(request),
            (_, "patch") => writes.PatchAsync(request),
            _ => throw StatusErrors.MethodNotAllowed(),
        };
    }

    /// <summary>Namespaced objects are reached through their namespace, except to list or watch those of all namespaces.</summary>
    private static bool FitsScope(ResourceKind kind, RequestInfo info) => kind.Namespaced
        ? info.Namespace.Length > 0 || info.Verb is "list" or "watch"
        : info.Namespace.Length == 0 || info.Resource == "namespaces";
}
