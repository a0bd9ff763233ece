using System.Collections.Frozen;
using Kubeflow.Orleans.ApiServer.Resources;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>The registered subresources beyond status and scale.</summary>
internal sealed class SubresourceCatalog(IEnumerable<ISubresource> subresources)
{
    private readonly FrozenDictionary<(string Resource, string Name), ISubresource> all =
        subresources.ToFrozenDictionary(subresource => (subresource.Resource, subresource.Name));

    public ISubresource? Find(RequestInfo request) => request is { IsResource: true, Subresource.Length: > 0 }
        ? all.GetValueOrDefault((request.Group.Length == 0 ? request.Resource : $"{request.Resource}.{request.Group}", request.Subresource))
        : null;
}
