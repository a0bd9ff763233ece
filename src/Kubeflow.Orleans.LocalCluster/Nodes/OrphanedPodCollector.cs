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

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>
/// Ends pods whose node is gone: nobody else will. They fail first, so that their owners see it, and are then removed. A node that
/// is only being made again gets time to come back.
/// </summary>
internal sealed class OrphanedPodCollector(ChangeFollower follower, IResourceService resources, KindCatalog catalog, TimeProvider time, ILogger<OrphanedPodCollector> logger)
    : Controller(follower, logger)
{
    private const string Nodes = "nodes";
    private const string Pods = "pods";
    private static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(40);

    private readonly HashSet<string> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, ResourceKey>> podsByNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> missing = new(StringComparer.Ordinal);

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Nodes, Pods]);

    protected override TimeSpan MaximumWait => missing.Count > 0 ? TimeSpan.FromSeconds(5) : TimeSpan.FromMinutes(5);

    protected override void Forget()
    {
        nodes.Clear();
        podsByNode.Clear();
    }

    protected override void Observe(Change change)
    {
        var gone = change.Type == ChangeType.Deleted;
        if (change.Key.Resource == Nodes)
        {
            _ = gone ? nodes.Remove(change.Key.Name) : nodes.Add(change.Key.Name);
        }
        else if (change.Document.Root.Text("spec", "nodeName") is { Length: > 0 } node)
        {
            ObservePod(node, change, gone);
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var name in missing.Keys.Where(name => nodes.Contains(name) || !podsByNode.ContainsKey(name)).ToList())
        {
            missing.Remove(name);
        }

        foreach (var name in podsByNode.Keys.Where(name => !nodes.Contains(name)).ToList())
        {
            missing.TryAdd(name, now);
            if (now - missing[name] >= Quarantine)
            {
                await EndAsync(podsByNode[name], cancellationToken);
            }
        }
    }

    private void ObservePod(string node, Change change, bool gone)
    {
        if (!podsByNode.TryGetValue(node, out var pods))
        {
            podsByNode[node] = pods = new Dictionary<string, ResourceKey>(StringComparer.Ordinal);
        }

        var uid = change.Document.Metadata.Uid;
        if (!gone)
        {
            pods[uid] = change.Key;
        }
        else if (pods.Remove(uid) && pods.Count == 0)
        {
            podsByNode.Remove(node);
        }
    }

    private async Task EndAsync(Dictionary<string, ResourceKey> pods, CancellationToken cancellationToken)
    {
        foreach (var (uid, key) in pods)
        {
            await resources.ModifyAsync(key, node => Fail(node, uid), cancellationToken);
            try
            {
                var request = new DeleteRequest { GracePeriodSeconds = 0, PreconditionUid = uid };
                await resources.DeleteAsync(catalog.Find(Pods)!, key.Namespace, key.Name, request, RequestOptions.Default, cancellationToken);
            }
            catch (StatusException refused) when (refused.Status.Code is 404 or 409)
            {
                // Gone already, or another pod of that name.
            }
        }
    }

    private bool Fail(JsonObject pod, string uid)
    {
        var status = pod.Child("status");
        if (pod.Object("metadata").Text("uid") != uid || status.Text("phase") is "Succeeded" or "Failed")
        {
            return false;
        }

        status["phase"] = "Failed";
        return status.SetCondition("DisruptionTarget", "True", "DeletionByPodGC", "PodGC: node no longer exists", time.GetUtcNow().Rfc3339());
    }
}
