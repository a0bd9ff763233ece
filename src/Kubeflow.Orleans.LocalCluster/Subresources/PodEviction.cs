using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary><c>pods/eviction</c>: a delete that says why. There are no disruption budgets here yet, so none is ever refused.</summary>
internal sealed class PodEviction(IResourceService resources, TimeProvider time) : ISubresource
{
    public string Resource => "pods";

    public string Name => "eviction";

    public string Kind => "Eviction";

    public ImmutableArray<string> Verbs => ["create"];

    public async Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name)
    {
        var options = (await context.ReadObjectAsync()).Object("deleteOptions");
        var pod = await resources.GetAsync(kind, @namespace, name, context.RequestAborted);
        var uid = pod.Metadata.Uid;
        await resources.ModifyAsync(
            new ResourceKey(kind.Resource, @namespace, name),
            node => node.Object("metadata").Text("uid") == uid
                && node.Child("status").SetCondition("DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting", time.GetUtcNow().Rfc3339()),
            context.RequestAborted);
        var request = new DeleteRequest { GracePeriodSeconds = options.Integer("gracePeriodSeconds"), PreconditionUid = uid };
        await resources.DeleteAsync(kind, @namespace, name, request, RequestOptions.Default, context.RequestAborted);
        await context.AnswerCreatedAsync();
    }
}
