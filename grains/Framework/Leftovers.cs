using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// Children that must not be where they are: of an object that is gone or going, of a predecessor of the same name, in a cluster the
/// object does not run in any more. A cluster whose garbage collector knows our objects sees to its own; in the others we do. What was
/// left behind while no silo ran is found by the first list.
/// </summary>
internal sealed class Leftovers(Clusters clusters, IResourceStore store)
{
    private IEnumerable<ICluster> LeftToUs => clusters.All.Where(cluster => !cluster.CollectsGarbage);

    /// <summary>The object is not there.</summary>
    public async Task<Outcome> OfGoneAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await DeleteAsync(key, LeftToUs.SelectMany(cluster => Children(cluster, key)), cancellationToken) ? Outcome.Finished : Outcome.TryAgain;

    /// <summary>The object is there and waits for its finalizers.</summary>
    public async Task<Outcome> OfLeavingAsync(ResourceKey key, Document document, CancellationToken cancellationToken)
    {
        var metadata = document.Metadata;
        var finalizer = metadata.Finalizers.FirstOrDefault(name => name is DependentFinalizers.Orphan or DependentFinalizers.Foreground);
        if (finalizer is null || !LeftToUs.Any())
        {
            return Outcome.Finished;
        }

        if (!LeftToUs.All(cluster => IsUsable(cluster, key)))
        {
            return Outcome.TryAgain;
        }

        var children = LeftToUs.SelectMany(cluster => Children(cluster, key)).Where(child => child.Child.OwnerUid == metadata.Uid).ToList();
        if (finalizer == DependentFinalizers.Orphan)
        {
            return await DisownAsync(key, children, cancellationToken) ? await RemoveAsync(key, document, finalizer, cancellationToken) : Outcome.TryAgain;
        }

        if (children.Count == 0)
        {
            return await RemoveAsync(key, document, finalizer, cancellationToken);
        }

        return await DeleteAsync(key, children, cancellationToken) ? Outcome.Settled : Outcome.TryAgain;
    }

    /// <summary>The object is there and stays. Null: nothing stands in the way of deciding about it.</summary>
    public async Task<Outcome?> OfLivingAsync(ResourceKey key, Document document, ClusterChoice choice, CancellationToken cancellationToken)
    {
        var uid = document.Metadata.Uid;
        var predecessors = LeftToUs.SelectMany(cluster => Children(cluster, key)).Where(child => child.Child.OwnerUid != uid);
        var elsewhere = clusters.All.Where(cluster => choice.Cluster is not null && cluster != choice.Cluster)
            .SelectMany(cluster => Children(cluster, key)).Where(child => child.Child.OwnerUid == uid).ToList();
        if (!await DeleteAsync(key, predecessors.Concat(elsewhere), cancellationToken))
        {
            return Outcome.TryAgain;
        }

        // Two sets of pods of one object never run at once: it starts in its new cluster when nothing is left in the old one.
        return elsewhere.Count > 0 ? Outcome.Settled : null;
    }

    private static IEnumerable<(ICluster Cluster, ChildReference Child)> Children(ICluster cluster, ResourceKey key) =>
        cluster.View.AllOf(key).Select(child => (cluster, child));

    private static bool IsUsable(ICluster cluster, ResourceKey key)
    {
        if (cluster.View is { Synced: true, Trouble: null })
        {
            return true;
        }

        cluster.View.TellWhenUsable(key);
        return false;
    }

    private static async Task<bool> DeleteAsync(ResourceKey key, IEnumerable<(ICluster Cluster, ChildReference Child)> children, CancellationToken cancellationToken) =>
        await AllAsync(children.Where(child => !child.Child.Terminating), child => child.Cluster.DeleteAsync(child.Child.Kind, key.Namespace, child.Child.Name, child.Child.Uid, cancellationToken));

    private static async Task<bool> DisownAsync(ResourceKey key, IEnumerable<(ICluster Cluster, ChildReference Child)> children, CancellationToken cancellationToken) =>
        await AllAsync(children, child => child.Cluster.DisownAsync(child.Child.Kind, key.Namespace, child.Child.Name, child.Child.Uid, cancellationToken));

    private static async Task<bool> AllAsync(
        IEnumerable<(ICluster Cluster, ChildReference Child)> children, Func<(ICluster Cluster, ChildReference Child), Task<ChangeResult>> change) =>
        (await Task.WhenAll(children.Select(change))).All(result => result is ChangeResult.Accepted or ChangeResult.Gone);

    /// <summary>Whoever removes the last finalizer of an object that is being deleted deletes it.</summary>
    private async Task<Outcome> RemoveAsync(ResourceKey key, Document document, string finalizer, CancellationToken cancellationToken)
    {
        var node = document.ToNode();
        var metadata = node["metadata"]!.AsObject();
        var left = document.Metadata.Finalizers.Where(name => name != finalizer).ToList();
        metadata["finalizers"] = new JsonArray([.. left.Select(name => JsonValue.Create(name))]);
        var version = document.Metadata.ResourceVersion;
        WriteOperation operation = left.Count == 0
            ? new DeleteOperation(key, version, Document.FromNode(node))
            : new UpdateOperation(key, version, Document.FromNode(node));
        await store.WriteAsync([operation], cancellationToken);
        return Outcome.LookAgain;
    }
}
