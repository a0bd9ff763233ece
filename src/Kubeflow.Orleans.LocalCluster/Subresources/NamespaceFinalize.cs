using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.AspNetCore.Http;

namespace Kubeflow.Orleans.LocalCluster.Subresources;

/// <summary><c>namespaces/finalize</c>: sets <c>spec.finalizers</c>, which nothing else may change.</summary>
internal sealed class NamespaceFinalize(IResourceService resources) : ISubresource
{
    public string Resource => "namespaces";

    public string Name => "finalize";

    public string Kind => "Namespace";

    public ImmutableArray<string> Verbs => ["update"];

    public async Task HandleAsync(HttpContext context, ResourceKind kind, string @namespace, string name)
    {
        var finalizers = (await context.ReadObjectAsync()).Object("spec")?["finalizers"];
        var changed = await resources.ModifyAsync(
            new ResourceKey(kind.Resource, "", name),
            node =>
            {
                node.Child("spec")["finalizers"] = finalizers?.DeepClone();
                if (node.Child("spec").Array("finalizers").Count == 0 && node.Object("metadata")?["deletionTimestamp"] is not null)
                {
                    node.Child("metadata")["deletionGracePeriodSeconds"] = 0;
                }

                return true;
            },
            context.RequestAborted);
        var document = changed ?? throw StatusErrors.NotFound(kind, name);
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(document.Utf8, context.RequestAborted);
    }
}
