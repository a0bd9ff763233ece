using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Namespaces;

/// <summary>Gives each namespace its ServiceAccount <c>default</c> and its ConfigMap <c>kube-root-ca.crt</c>, again when they are deleted.</summary>
internal sealed class NamespaceContentController(
    ChangeFollower follower, IResourceService resources, KindCatalog catalog, LocalClusterOptions options, ILogger<NamespaceContentController> logger) : Controller(follower, logger)
{
    private const string Namespaces = "namespaces";
    private const string ServiceAccounts = "serviceaccounts";
    private const string ConfigMaps = "configmaps";
    private const string DefaultAccount = "default";
    private const string RootCertificate = "kube-root-ca.crt";

    private readonly HashSet<string> active = new(StringComparer.Ordinal);
    private readonly HashSet<ResourceKey> present = [];
    private readonly HashSet<string> dirty = new(StringComparer.Ordinal);

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Namespaces, ServiceAccounts, ConfigMaps]);

    protected override void Forget()
    {
        active.Clear();
        present.Clear();
        dirty.Clear();
    }

    protected override void Observe(Change change)
    {
        var gone = change.Type == ChangeType.Deleted;
        if (change.Key.Resource == Namespaces)
        {
            _ = gone || change.Document.Metadata.DeletionTimestamp is not null ? active.Remove(change.Key.Name) : active.Add(change.Key.Name);
            dirty.Add(change.Key.Name);
        }
        else if (change.Key.Name is DefaultAccount or RootCertificate)
        {
            _ = gone ? present.Remove(change.Key) : present.Add(change.Key);
            dirty.Add(change.Key.Namespace);
        }
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        foreach (var name in dirty.Where(active.Contains))
        {
            await EnsureAsync(new ResourceKey(ServiceAccounts, name, DefaultAccount), [], cancellationToken);
            await EnsureAsync(
                new ResourceKey(ConfigMaps, name, RootCertificate), new JsonObject { ["data"] = new JsonObject { ["ca.crt"] = options.CertificateAuthority } }, cancellationToken);
        }

        dirty.Clear();
    }

    private async Task EnsureAsync(ResourceKey key, JsonObject content, CancellationToken cancellationToken)
    {
        if (present.Contains(key))
        {
            return;
        }

        var kind = catalog.Find(key.Resource)!;
        content["apiVersion"] = "v1";
        content["kind"] = kind.Kind;
        content["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace };
        try
        {
            await resources.CreateAsync(kind, "v1", key.Namespace, content, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 403 or 404 or 409)
        {
            // There already, or the namespace has begun to go: its own change tells.
        }
    }
}
