using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The embedded cluster's own API server, called in process: the same rules as over HTTP, without HTTP.</summary>
public sealed class ResourceServiceApi(IResourceService resources, IChangeFeed feed, KindCatalog kinds, TimeProvider time, ILogger<ResourceServiceApi> logger) : IKubeletApi, IAsyncDisposable
{
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMinutes(1);

    private readonly EventRecorder events = new(resources, kinds, time, logger);

    public async ValueTask<Document?> FindAsync(ResourceKey key, CancellationToken cancellationToken) => await resources.FindAsync(key, cancellationToken);

    public async ValueTask<IReadOnlyList<Document>> ListAsync(string resource, string? @namespace, CancellationToken cancellationToken) =>
        (await resources.ListAsync(new ListQuery(resource) { Namespace = @namespace }, cancellationToken)).Items;

    public async IAsyncEnumerable<ObjectChange> WatchAsync(string resource, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await resources.ListAsync(new ListQuery(resource), cancellationToken);
            yield return new ObjectChange.Listed(page.Items);
            using var subscription = feed.Subscribe(resource, page.Position);
            while (await ReadAsync(subscription, cancellationToken) is { } changes)
            {
                foreach (var change in changes)
                {
                    yield return change.Type == ChangeType.Deleted ? new ObjectChange.Removed(change.Document) : new ObjectChange.Changed(change.Document);
                }
            }
        }
    }

    public async Task<Document?> WriteStatusAsync(ResourceKey pod, string uid, JsonObject status, IReadOnlyList<string> owned, CancellationToken cancellationToken)
    {
        var document = await resources.ModifyAsync(pod, node => node["metadata"]?["uid"]?.GetValue<string>() == uid && Merge(node, status, owned), cancellationToken);
        return document?.Metadata.Uid == uid ? document : null;
    }

    public async Task RemovePodAsync(ResourceKey pod, string uid, CancellationToken cancellationToken)
    {
        var kind = kinds.Find(pod.Resource) ?? throw new InvalidOperationException("The cluster serves no pods.");
        try
        {
            await resources.DeleteAsync(kind, pod.Namespace, pod.Name, new DeleteRequest { GracePeriodSeconds = 0, PreconditionUid = uid }, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 404 or 409)
        {
            // Gone already, or another pod has the name by now: either way this one is removed.
        }
    }

    public void Record(PodEvent podEvent) => events.Record(podEvent);

    public ValueTask DisposeAsync() => events.DisposeAsync();

    /// <returns>Null when the log no longer reaches back: list again.</returns>
    private static async Task<IReadOnlyList<Change>?> ReadAsync(IChangeSubscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            return await subscription.ReadAsync(QuietPeriod, cancellationToken);
        }
        catch (PositionExpiredException)
        {
            return null;
        }
    }

    private static bool Merge(JsonObject pod, JsonObject status, IReadOnlyList<string> owned)
    {
        if (pod["status"] is not JsonObject stored)
        {
            pod["status"] = stored = [];
        }

        foreach (var field in owned)
        {
            stored.Remove(field);
        }

        foreach (var (name, value) in status)
        {
            stored[name] = value?.DeepClone();
        }

        return true;
    }
}
