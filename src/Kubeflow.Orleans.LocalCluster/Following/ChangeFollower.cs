using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Following;

/// <summary>
/// List, then follow: all objects of some resources as they are, then every change without gap or repetition. When the log no
/// longer reaches back far enough it starts again with a list, which is why controllers may only depend on state, never on steps.
/// </summary>
internal sealed class ChangeFollower(IResourceStore store, IChangeFeed feed)
{
    private const int PageSize = 1000;

    /// <param name="maximumWait">Asked before each wait: how long nothing may happen before an empty batch comes.</param>
    public async IAsyncEnumerable<ChangeBatch> FollowAsync(FrozenSet<string> resources, Func<TimeSpan> maximumWait, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var position = await store.HeadAsync(cancellationToken);
            yield return new ChangeBatch(true, await ListAsync(resources, position, cancellationToken));
            using var subscription = feed.Subscribe(resources.Count == 1 ? resources.First() : null, position);
            while (await ReadAsync(subscription, maximumWait(), cancellationToken) is { } changes)
            {
                yield return new ChangeBatch(false, [.. changes.Where(change => resources.Contains(change.Key.Resource))]);
            }
        }
    }

    /// <summary>Null when the log has been trimmed beyond where we stood.</summary>
    private static async ValueTask<IReadOnlyList<Change>?> ReadAsync(IChangeSubscription subscription, TimeSpan maximumWait, CancellationToken cancellationToken)
    {
        try
        {
            return await subscription.ReadAsync(maximumWait, cancellationToken);
        }
        catch (PositionExpiredException)
        {
            return null;
        }
    }

    private async Task<List<Change>> ListAsync(FrozenSet<string> resources, long position, CancellationToken cancellationToken)
    {
        var listed = new List<Change>();
        foreach (var resource in resources.Order(StringComparer.Ordinal))
        {
            ResourceKey? after = null;
            do
            {
                var page = await store.ListAsync(new ListQuery(resource) { At = position, Limit = PageSize, After = after }, cancellationToken);
                listed.AddRange(page.Items.Select(item => Added(resource, item)));
                after = page.Next;
            }
            while (after is not null);
        }

        return listed;
    }

    private static Change Added(string resource, Document document)
    {
        var metadata = document.Metadata;
        return new Change(metadata.ResourceVersion, ChangeType.Added, new ResourceKey(resource, metadata.Namespace, metadata.Name), document, null);
    }
}
