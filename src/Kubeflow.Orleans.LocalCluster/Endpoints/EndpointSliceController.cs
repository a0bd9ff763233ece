using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Endpoints;

/// <summary>Keeps one EndpointSlice for each service with a selector.</summary>
internal sealed class EndpointSliceController(ChangeFollower follower, IResourceService resources, KindCatalog catalog, ILogger<EndpointSliceController> logger)
    : Controller(follower, logger)
{
    private const string Services = "services";
    private const string Pods = "pods";
    private const string Slices = "endpointslices.discovery.k8s.io";

    private readonly Dictionary<string, Dictionary<string, Document>> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, Document>> pods = new(StringComparer.Ordinal);
    private readonly HashSet<ResourceKey> dirty = [];

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Services, Pods, Slices]);

    protected override void Forget()
    {
        services.Clear();
        pods.Clear();
        dirty.Clear();
    }

    protected override void Observe(Change change)
    {
        switch (change.Key.Resource)
        {
            case Services:
                Keep(services, change);
                dirty.Add(change.Key);
                break;
            case Pods:
                Keep(pods, change);
                MarkServicesOf(change);
                break;
            case Slices when change.Type != ChangeType.Added && change.Document.Root.Text("metadata", "labels", EndpointSlices.ServiceLabel) is { Length: > 0 } service:
                dirty.Add(new ResourceKey(Services, change.Key.Namespace, service));
                break;
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        foreach (var key in dirty)
        {
            if (services.TryGetValue(key.Namespace, out var known) && known.TryGetValue(key.Name, out var service) && service.Root.Fields("spec", "selector").Any())
            {
                await WriteAsync(service, cancellationToken);
            }
        }

        dirty.Clear();
    }

    private static void Keep(Dictionary<string, Dictionary<string, Document>> known, Change change)
    {
        if (!known.TryGetValue(change.Key.Namespace, out var content))
        {
            known[change.Key.Namespace] = content = new Dictionary<string, Document>(StringComparer.Ordinal);
        }

        if (change.Type == ChangeType.Deleted)
        {
            content.Remove(change.Key.Name);
        }
        else
        {
            content[change.Key.Name] = change.Document;
        }
    }

    private void MarkServicesOf(Change change)
    {
        if (!services.TryGetValue(change.Key.Namespace, out var candidates))
        {
            return;
        }

        foreach (var service in candidates.Values)
        {
            if (EndpointSlices.Selects(service, change.Document.Root) || (change.Previous is { } previous && EndpointSlices.Selects(service, previous.Root)))
            {
                dirty.Add(new ResourceKey(Services, change.Key.Namespace, service.Metadata.Name));
            }
        }
    }

    private async Task WriteAsync(Document service, CancellationToken cancellationToken)
    {
        var @namespace = service.Metadata.Namespace;
        var selected = pods.GetValueOrDefault(@namespace, []).Values.Where(pod => EndpointSlices.Selects(service, pod.Root) && HasAddress(pod));
        var slice = EndpointSlices.Build(service, selected);
        var written = await resources.ModifyAsync(new ResourceKey(Slices, @namespace, EndpointSlices.NameFor(service)), node => Replace(node, slice), cancellationToken);
        if (written is not null)
        {
            return;
        }

        try
        {
            await resources.CreateAsync(catalog.Find(Slices)!, "v1", @namespace, slice, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 403 or 404 or 409)
        {
            // The namespace goes, or the slice came into being meanwhile: its change brings us back.
        }
    }

    private static bool Replace(JsonObject stored, JsonObject wanted)
    {
        var changed = false;
        foreach (var field in (string[])["endpoints", "ports"])
        {
            if (!JsonNode.DeepEquals(stored[field], wanted[field]))
            {
                stored[field] = wanted[field]!.DeepClone();
                changed = true;
            }
        }

        return changed;
    }

    private static bool HasAddress(Document pod) =>
        pod.Root.Text("status", "podIP").Length > 0 && pod.Root.Text("status", "phase") is not ("Succeeded" or "Failed");
}
