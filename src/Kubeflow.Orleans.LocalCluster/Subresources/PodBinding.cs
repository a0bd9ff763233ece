using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Scheduling;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary><c>pods/binding</c>: how schedulers other than our own place a pod.</summary>
internal sealed class PodBinding(IResourceService resources, TimeProvider time) : ISubresource
{
    public string Resource => "pods";

    public string Name => "binding";

    public string Kind => "Binding";

    public ImmutableArray<string> Verbs => ["create"];

    public async Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name)
    {
        var nodeName = (await context.ReadObjectAsync()).Object("target").Text("name");
        if (nodeName.Length == 0)
        {
            throw StatusErrors.Invalid(kind, name, FieldError.Required("target.name"));
        }

        var uid = (await resources.GetAsync(kind, @namespace, name, context.RequestAborted)).Metadata.Uid;
        var bound = await resources.ModifyAsync(
            new ResourceKey(kind.Resource, @namespace, name),
            pod =>
            {
                var assigned = pod.Object("spec").Text("nodeName");
                if (assigned.Length > 0 || pod.Object("metadata").Text("uid") != uid)
                {
                    throw StatusErrors.PreconditionFailed(kind, name, $"pod {name} is already assigned to node \"{assigned}\"");
                }

                PodScheduled.Bind(pod, nodeName, time.GetUtcNow());
                return true;
            },
            context.RequestAborted);
        _ = bound ?? throw StatusErrors.NotFound(kind, name);
        await context.AnswerCreatedAsync();
    }
}
