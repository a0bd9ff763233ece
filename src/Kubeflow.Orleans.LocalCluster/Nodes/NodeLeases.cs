using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>A node's sign of life: the Lease of its name in <c>kube-node-lease</c>.</summary>
internal static class NodeLeases
{
    public const string Namespace = "kube-node-lease";

    private const string Resource = "leases.coordination.k8s.io";

    public static async Task RenewAsync(IResourceStore store, IReadOnlyList<string> nodes, TimeSpan duration, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var operations = new List<WriteOperation>();
        foreach (var name in nodes)
        {
            var key = new ResourceKey(Resource, Namespace, name);
            var stored = await store.GetAsync(key, cancellationToken);
            operations.Add(stored is null
                ? new CreateOperation(key, Document.FromNode(New(name, duration, now)))
                : new UpdateOperation(key, stored.Document.Metadata.ResourceVersion, Renewed(stored.Document, now)));
        }

        await store.WriteAsync(operations, cancellationToken);
    }

    private static Document Renewed(Document lease, DateTimeOffset now)
    {
        var node = lease.ToNode();
        node.Child("spec")["renewTime"] = now.MicroTime();
        return Document.FromNode(node);
    }

    private static JsonObject New(string name, TimeSpan duration, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "coordination.k8s.io/v1",
        ["kind"] = "Lease",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Namespace, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = now.Rfc3339() },
        ["spec"] = new JsonObject { ["holderIdentity"] = name, ["leaseDurationSeconds"] = (int)duration.TotalSeconds, ["renewTime"] = now.MicroTime() },
    };
}
