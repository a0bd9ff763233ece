using System.Collections.Frozen;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;
using Policies = Kubeflow.Orleans.ApiServer.Resources.GarbageCollection;

namespace Kubeflow.Orleans.LocalCluster.GarbageCollection;

/// <summary>
/// Deletes what has lost its last owner, of every kind there is, and carries out foreground and orphaning deletes. Each effect is
/// fenced by uid: an object that was deleted and made again under the same name is another object.
/// </summary>
internal sealed class GarbageCollector(ChangeFollower follower, IResourceService resources, KindCatalog catalog, IEventRecorder events, ILogger<GarbageCollector> logger)
    : Controller(follower, logger)
{
    private const int Parallelism = 32;

    private static readonly EventSource Source = new("garbage-collector-controller");

    private readonly OwnershipGraph graph = new(catalog);
    private readonly HashSet<string> dirty = new(StringComparer.Ordinal);

    /// <summary>Events are owned by nobody and own nothing.</summary>
    protected override FrozenSet<string> Resources { get; } =
        catalog.All.Select(kind => kind.Resource).Where(resource => resource != EventRecorder.Resource).ToFrozenSet(StringComparer.Ordinal);

    protected override void Forget()
    {
        graph.Clear();
        dirty.Clear();
    }

    protected override void Observe(Change change) =>
        dirty.UnionWith(change.Type == ChangeType.Deleted ? graph.Remove(change.Document.Metadata.Uid) : graph.Set(OwnedObject.Read(change.Key, change.Document)));

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        List<(OwnedObject Item, GarbageDecision Decision)> work =
        [
            .. dirty.Select(graph.Find).OfType<OwnedObject>().Select(item => (item, GarbageDecision.For(item, graph))).Where(entry => entry.Item2 is not GarbageDecision.Keep),
        ];

        // What fails is looked at again: the set is only cleared when everything is done.
        await Parallel.ForEachAsync(work, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (entry, token) => await CarryOutAsync(entry.Item, entry.Decision, token));
        dirty.Clear();
    }

    private async Task CarryOutAsync(OwnedObject item, GarbageDecision decision, CancellationToken cancellationToken)
    {
        switch (decision)
        {
            case GarbageDecision.Delete delete:
                await DeleteAsync(item, delete, cancellationToken);
                break;
            case GarbageDecision.DropOwners drop:
                await DropOwnersAsync(item, drop.Uids, cancellationToken);
                break;
            case GarbageDecision.RemoveFinalizer remove:
                await RemoveFinalizerAsync(item, remove.Finalizer, cancellationToken);
                break;
            case GarbageDecision.Orphan orphan:
                foreach (var dependent in orphan.Dependents)
                {
                    await DropOwnersAsync(dependent, new HashSet<string>(StringComparer.Ordinal) { item.Uid }, cancellationToken);
                }

                await RemoveFinalizerAsync(item, Policies.Orphan, cancellationToken);
                break;
        }
    }

    private async Task DeleteAsync(OwnedObject item, GarbageDecision.Delete delete, CancellationToken cancellationToken)
    {
        var kind = catalog.Find(item.Key.Resource)!;
        if (delete.ForeignOwner && await resources.FindAsync(item.Key, cancellationToken) is { } document)
        {
            events.Record(new ClusterEvent(InvolvedObject.Of(document), ClusterEvent.Warning, "OwnerRefInvalidNamespace", "an owner reference names an object of another namespace", Source));
        }

        try
        {
            var request = new DeleteRequest { PropagationPolicy = delete.Policy, PreconditionUid = item.Uid, PreconditionResourceVersion = $"{item.Version}" };
            await resources.DeleteAsync(kind, item.Key.Namespace, item.Key.Name, request, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 404 or 409)
        {
            // Gone, or changed since: the change itself brings it back to our attention.
        }
    }

    private Task DropOwnersAsync(OwnedObject item, IReadOnlySet<string> owners, CancellationToken cancellationToken) => resources.ModifyAsync(
        item.Key,
        node => node.Object("metadata") is { } metadata && metadata.Text("uid") == item.Uid
            && metadata.RemoveFrom("ownerReferences", owner => owner is System.Text.Json.Nodes.JsonObject reference && owners.Contains(reference.Text("uid"))),
        cancellationToken);

    private Task RemoveFinalizerAsync(OwnedObject item, string finalizer, CancellationToken cancellationToken) => resources.ModifyAsync(
        item.Key,
        node => node.Object("metadata") is { } metadata && metadata.Text("uid") == item.Uid && metadata.RemoveFrom("finalizers", entry => entry?.ToString() == finalizer),
        cancellationToken);
}
