using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>What a kubelet wants of the API server, in the same process.</summary>
internal sealed class KubeletApi(IResourceService resources, KindCatalog catalog, ChangeFollower follower, IEventRecorder events) : IKubeletApi
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMinutes(5);

    public async ValueTask<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken) => await resources.FindAsync(key, cancellationToken);

    public async ValueTask<IReadOnlyList<Document>> ListAsync(string resource, string? @namespace, CancellationToken cancellationToken) =>
        (await resources.ListAsync(new ListQuery(resource) { Namespace = @namespace }, cancellationToken)).Items;

    public async IAsyncEnumerable<ObjectChange> WatchAsync(string resource, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in follower.FollowAsync(FrozenSet.ToFrozenSet([resource]), () => WatchPeriod, cancellationToken))
        {
            if (batch.Fresh)
            {
                yield return new ObjectChange.Listed([.. batch.Changes.Select(change => change.Document)]);
                continue;
            }

            foreach (var change in batch.Changes)
            {
                yield return change.Type == ChangeType.Deleted ? new ObjectChange.Removed(change.Document) : new ObjectChange.Changed(change.Document);
            }
        }
    }

    public async Task<Document?> WriteStatusAsync(ResourceKey pod, string uid, JsonObject status, IReadOnlyList<string> owned, CancellationToken cancellationToken)
    {
        var written = await resources.ModifyAsync(pod, node => node.Object("metadata").Text("uid") == uid && Replace(node.Child("status"), status, owned), cancellationToken);
        return written?.Metadata.Uid == uid ? written : null;
    }

    public async Task RemovePodAsync(ResourceKey pod, string uid, CancellationToken cancellationToken)
    {
        try
        {
            var request = new DeleteRequest { GracePeriodSeconds = 0, PreconditionUid = uid };
            await resources.DeleteAsync(catalog.Find(pod.Resource)!, pod.Namespace, pod.Name, request, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 404 or 409)
        {
            // Gone, or another pod of that name.
        }
    }

    public void Record(PodEvent podEvent) => events.Record(new ClusterEvent(
        InvolvedObject.Of(podEvent.Pod) with { FieldPath = podEvent.FieldPath }, podEvent.Type, podEvent.Reason, podEvent.Message, new EventSource("kubelet", podEvent.NodeName)));

    private static bool Replace(JsonObject stored, JsonObject status, IReadOnlyList<string> owned)
    {
        foreach (var field in owned.Where(field => !status.ContainsKey(field)))
        {
            stored.Remove(field);
        }

        foreach (var (field, value) in status)
        {
            stored[field] = value?.DeepClone();
        }

        return true;
    }
}
