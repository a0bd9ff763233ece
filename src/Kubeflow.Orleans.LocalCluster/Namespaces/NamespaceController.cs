using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Namespaces;

/// <summary>
/// Empties namespaces that are being deleted, of every kind there is, and lets them go when nothing is left. What is in them is
/// listed once; after that the deletions themselves tell how far it has come.
/// </summary>
internal sealed class NamespaceController(
    ChangeFollower follower, IResourceStore store, IResourceService resources, KindCatalog catalog, TimeProvider time, ILogger<NamespaceController> logger) : Controller(follower, logger)
{
    private const string Namespaces = "namespaces";
    private const int Parallelism = 32;

    /// <summary>What is left in each namespace under deletion; null: not listed yet.</summary>
    private readonly Dictionary<string, HashSet<ResourceKey>?> terminating = new(StringComparer.Ordinal);

    protected override FrozenSet<string> Resources { get; } =
        catalog.All.Where(kind => kind.Namespaced).Select(kind => kind.Resource).Append(Namespaces).ToFrozenSet(StringComparer.Ordinal);

    protected override void Forget() => terminating.Clear();

    protected override void Observe(Change change)
    {
        if (change.Key.Resource == Namespaces)
        {
            if (change.Type == ChangeType.Deleted)
            {
                terminating.Remove(change.Key.Name);
            }
            else if (change.Document.Metadata.DeletionTimestamp is not null)
            {
                terminating.TryAdd(change.Key.Name, null);
            }
        }
        else if (change.Type == ChangeType.Deleted && terminating.TryGetValue(change.Key.Namespace, out var content))
        {
            content?.Remove(change.Key);
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, content) in terminating.Where(entry => entry.Value is null or { Count: 0 }).ToList())
        {
            var left = await ListAsync(name, cancellationToken);
            if (left.Count == 0)
            {
                await FinalizeAsync(name, cancellationToken);
                continue;
            }

            await ReportAsync(name, left, cancellationToken);
            await DeleteAsync(left, cancellationToken);
            terminating[name] = left;
        }
    }

    private async Task<HashSet<ResourceKey>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        var found = new HashSet<ResourceKey>();
        foreach (var kind in catalog.All.Where(kind => kind.Namespaced))
        {
            var page = await store.ListAsync(new ListQuery(kind.Resource) { Namespace = @namespace }, cancellationToken);
            found.UnionWith(page.Items.Select(item => new ResourceKey(kind.Resource, @namespace, item.Metadata.Name)));
        }

        return found;
    }

    private Task DeleteAsync(IEnumerable<ResourceKey> content, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        content,
        new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
        async (key, token) =>
        {
            try
            {
                await resources.DeleteAsync(catalog.Find(key.Resource)!, key.Namespace, key.Name, new DeleteRequest(), RequestOptions.Default, token);
            }
            catch (StatusException refused) when (refused.Status.Code == 404)
            {
                // Somebody else was faster.
            }
        });

    private async Task ReportAsync(string name, HashSet<ResourceKey> left, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().Rfc3339();
        var counts = left.GroupBy(key => key.Resource).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} has {group.Count()} resource instances");
        var message = "Some resources are remaining: " + string.Join(", ", counts);
        await resources.ModifyAsync(new ResourceKey(Namespaces, "", name), node => Report(node.Child("status"), message, now), cancellationToken);
    }

    private static bool Report(JsonObject status, string message, string now)
    {
        status["phase"] = "Terminating";
        status.SetCondition("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now);
        status.SetCondition("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        status.SetCondition("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        status.SetCondition("NamespaceContentRemaining", "True", "SomeResourcesRemain", message, now);
        return true;
    }

    /// <summary>The last finalizer and the time of grace go in one write, and with them the namespace.</summary>
    private Task FinalizeAsync(string name, CancellationToken cancellationToken) => resources.ModifyAsync(
        new ResourceKey(Namespaces, "", name),
        node =>
        {
            node.Child("metadata")["deletionGracePeriodSeconds"] = 0;
            return node.Child("spec").RemoveFrom("finalizers", finalizer => finalizer?.ToString() == NamespaceKind.Finalizer);
        },
        cancellationToken);
}
