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

    /// <summary>How many slices are written at once; the store commits them together.</summary>
    private const int ParallelWrites = 64;

    private readonly SelectorIndex index = new();
    private readonly HashSet<ResourceKey> dirty = [];

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Services, Pods, Slices]);

    protected override void Forget()
    {
        index.Clear();
        dirty.Clear();
    }

    protected override void Observe(Change change)
    {
        switch (change.Key.Resource)
        {
            case Services:
                ObserveService(change);
                break;
            case Pods:
                ObservePod(change);
                break;
            case Slices when change.Type != ChangeType.Added && change.Document.Root.Text("metadata", "labels", EndpointSlices.ServiceLabel) is { Length: > 0 } service:
                dirty.Add(new ResourceKey(Services, change.Key.Namespace, service));
                break;
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        var selecting = dirty.Select(index.Service).OfType<Document>();
        await Parallel.ForEachAsync(selecting, new ParallelOptions { MaxDegreeOfParallelism = ParallelWrites, CancellationToken = cancellationToken }, async (service, token) => await WriteAsync(service, token));
        dirty.Clear();
    }

    private void ObserveService(Change change)
    {
        if (change.Type == ChangeType.Deleted)
        {
            index.RemoveService(change.Key);
        }
        else
        {
            index.SetService(change.Key, change.Document);
            dirty.Add(change.Key);
        }
    }

    private void ObservePod(Change change)
    {
        if (change.Previous is { } previous)
        {
            dirty.UnionWith(index.ServicesSelecting(change.Key.Namespace, previous));
        }

        if (change.Type == ChangeType.Deleted)
        {
            index.RemovePod(change.Key);
        }
        else
        {
            index.SetPod(change.Key, change.Document);
            dirty.UnionWith(index.ServicesSelecting(change.Key.Namespace, change.Document));
        }
    }

    private async Task WriteAsync(Document service, CancellationToken cancellationToken)
    {
        var @namespace = service.Metadata.Namespace;
        var slice = EndpointSlices.Build(service, index.PodsSelectedBy(service).Where(HasAddress));
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
