using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary>exec, attach and portforward: known, and refused in words a user understands.</summary>
internal sealed class PodStreams(string name, string kind) : ISubresource
{
    public string Resource => "pods";

    public string Name => name;

    public string Kind => kind;

    public ImmutableArray<string> Verbs => ["get", "create"];

    public Task HandleAsync(HttpContext context, ResourceKind resourceKind, string @namespace, string pod) => throw new StatusException(new ApiStatus(
        StatusCodes.Status501NotImplemented,
        "NotImplemented",
        $"the embedded cluster does not serve pods/{name}: its pods are processes of this host, reachable at their podIP"));
}
