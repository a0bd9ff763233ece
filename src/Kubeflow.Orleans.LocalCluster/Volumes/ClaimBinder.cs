using System.Collections.Frozen;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Events;
using Kubeflow.Orleans.LocalCluster.Following;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kinds;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Volumes;

/// <summary>
/// Gives each claim a volume: a directory of its own for the storage class of this provisioner, or the volume the claim names.
/// A claim that is deleted stays while pods use it; its directory goes with it.
/// </summary>
internal sealed class ClaimBinder(
    ChangeFollower follower, IResourceService resources, KindCatalog catalog, IEventRecorder events, LocalClusterOptions options, ILogger<ClaimBinder> logger)
    : Controller(follower, logger)
{
    public const string Provisioner = "kubeflow-orleans.dev/directory";

    private const string Claims = "persistentvolumeclaims";
    private const string Volumes = "persistentvolumes";
    private const string Pods = "pods";
    private const string Classes = "storageclasses.storage.k8s.io";

    private static readonly EventSource Source = new("persistentvolume-controller");

    private readonly Dictionary<ResourceKey, Document> claims = [];
    private readonly Dictionary<string, Document> volumes = new(StringComparer.Ordinal);
    private readonly HashSet<string> ownClasses = new(StringComparer.Ordinal);
    private readonly ClaimUse use = new();
    private bool changed;

    protected override FrozenSet<string> Resources { get; } = FrozenSet.ToFrozenSet([Claims, Volumes, Pods, Classes]);

    protected override void Forget()
    {
        claims.Clear();
        volumes.Clear();
        ownClasses.Clear();
        use.Clear();
    }

    protected override void Observe(Change change)
    {
        var gone = change.Type == ChangeType.Deleted;
        switch (change.Key.Resource)
        {
            case Pods:
                changed |= use.Set(change.Document, gone);
                return;
            case Classes:
                _ = !gone && change.Document.Root.Text("provisioner") == Provisioner ? ownClasses.Add(change.Key.Name) : ownClasses.Remove(change.Key.Name);
                break;
            case Claims:
                Keep(claims, change.Key, change.Document, gone);
                break;
            case Volumes:
                Keep(volumes, change.Key.Name, change.Document, gone);
                break;
        }

        changed = true;
    }

    protected override async Task ActAsync(CancellationToken cancellationToken)
    {
        if (!changed)
        {
            return;
        }

        foreach (var (key, claim) in claims.ToList())
        {
            if (claim.Metadata.DeletionTimestamp is not null)
            {
                await ReleaseAsync(key, claim, cancellationToken);
            }
            else if (claim.Root.Text("status", "phase") is "Pending" or "")
            {
                await BindAsync(key, claim, cancellationToken);
            }
        }

        foreach (var volume in volumes.Values.ToList())
        {
            await ReclaimAsync(volume, cancellationToken);
        }

        changed = false;
    }

    private static void Keep<TKey>(Dictionary<TKey, Document> known, TKey key, Document document, bool gone)
        where TKey : notnull
    {
        if (gone)
        {
            known.Remove(key);
        }
        else
        {
            known[key] = document;
        }
    }

    private async Task BindAsync(ResourceKey key, Document claim, CancellationToken cancellationToken)
    {
        var named = claim.Root.Text("spec", "volumeName");
        var name = named.Length > 0 ? named : $"pvc-{claim.Metadata.Uid}";
        if (!volumes.TryGetValue(name, out var volume))
        {
            if (named.Length > 0 || !ownClasses.Contains(claim.Root.Text("spec", "storageClassName")))
            {
                return;
            }

            volume = await ProvisionAsync(name, claim, cancellationToken);
        }

        if (volume.Root.Text("spec", "claimRef", "uid") is { Length: > 0 } owner && owner != claim.Metadata.Uid)
        {
            return;
        }

        await resources.ModifyAsync(new ResourceKey(Volumes, "", name), node => VolumeDocuments.BindVolume(node, claim), cancellationToken);
        await resources.ModifyAsync(key, node => VolumeDocuments.BindClaim(node, claim.Metadata.Uid, volume), cancellationToken);
    }

    private async Task<Document> ProvisionAsync(string name, Document claim, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(Path.Combine(options.DataDirectory, "volumes", name));
        Directory.CreateDirectory(path);
        try
        {
            var volume = await resources.CreateAsync(catalog.Find(Volumes)!, "v1", "", VolumeDocuments.Provision(name, path, claim), RequestOptions.Default, cancellationToken);
            events.Record(new ClusterEvent(InvolvedObject.Of(claim), ClusterEvent.Normal, "ProvisioningSucceeded", $"Successfully provisioned volume {name}", Source));
            return volume;
        }
        catch (StatusException refused) when (refused.Status.Code == 409)
        {
            return await resources.GetAsync(catalog.Find(Volumes)!, "", name, cancellationToken);
        }
    }

    private async Task ReleaseAsync(ResourceKey key, Document claim, CancellationToken cancellationToken)
    {
        if (use.IsUsed(key))
        {
            return;
        }

        await resources.ModifyAsync(
            key,
            node => node.Object("metadata") is { } metadata && metadata.Text("uid") == claim.Metadata.Uid
                && metadata.RemoveFrom("finalizers", finalizer => finalizer?.ToString() == PersistentVolumeClaimKind.ProtectionFinalizer),
            cancellationToken);
    }

    /// <summary>A volume whose claim is gone is deleted with its directory, or released, as its policy says.</summary>
    private async Task ReclaimAsync(Document volume, CancellationToken cancellationToken)
    {
        var root = volume.Root;
        var key = new ResourceKey(Volumes, "", volume.Metadata.Name);
        var claim = new ResourceKey(Claims, root.Text("spec", "claimRef", "namespace"), root.Text("spec", "claimRef", "name"));
        var bound = root.Text("spec", "claimRef", "uid") is { Length: > 0 } uid && claims.TryGetValue(claim, out var present) && present.Metadata.Uid == uid;
        if (bound || root.Text("spec", "claimRef", "uid").Length == 0)
        {
            if (volume.Metadata.DeletionTimestamp is not null && !bound)
            {
                await resources.ModifyAsync(key, VolumeDocuments.Unprotect, cancellationToken);
            }
            else if (!bound && root.Text("status", "phase") is "Pending" or "")
            {
                await resources.ModifyAsync(key, node => VolumeDocuments.SetPhase(node, "Available"), cancellationToken);
            }

            return;
        }

        if (root.Text("spec", "persistentVolumeReclaimPolicy") != "Delete" && volume.Metadata.DeletionTimestamp is null)
        {
            await resources.ModifyAsync(key, node => VolumeDocuments.SetPhase(node, "Released"), cancellationToken);
            return;
        }

        await DeleteAsync(key, volume, cancellationToken);
    }

    private async Task DeleteAsync(ResourceKey key, Document volume, CancellationToken cancellationToken)
    {
        var provisioned = volume.Root.Text("metadata", "annotations", VolumeDocuments.ProvisionedBy) == Provisioner;
        if (provisioned && volume.Root.Text("spec", "persistentVolumeReclaimPolicy") == "Delete")
        {
            var path = Path.GetFullPath(Path.Combine(options.DataDirectory, "volumes", key.Name));
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }

        await resources.ModifyAsync(key, VolumeDocuments.Unprotect, cancellationToken);
        try
        {
            await resources.DeleteAsync(catalog.Find(Volumes)!, "", key.Name, new DeleteRequest { PreconditionUid = volume.Metadata.Uid }, RequestOptions.Default, cancellationToken);
        }
        catch (StatusException refused) when (refused.Status.Code is 404 or 409)
        {
            // Gone already, or made anew.
        }
    }
}
