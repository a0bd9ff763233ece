using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Volumes;

/// <summary>Which claims unfinished pods use.</summary>
internal sealed class ClaimUse
{
    private readonly Dictionary<string, ResourceKey[]> byPod = new(StringComparer.Ordinal);
    private readonly Dictionary<ResourceKey, int> users = [];

    public void Clear()
    {
        byPod.Clear();
        users.Clear();
    }

    public bool IsUsed(ResourceKey claim) => users.ContainsKey(claim);

    /// <summary>Takes in a pod's newest state; true when that changed who uses what.</summary>
    public bool Set(Document pod, bool gone)
    {
        var metadata = pod.Metadata;
        var ended = gone || pod.Root.Text("status", "phase") is "Succeeded" or "Failed";
        ResourceKey[] claims = ended
            ? []
            : [.. pod.Root.Items("spec", "volumes").Select(volume => volume.Text("persistentVolumeClaim", "claimName")).Where(name => name.Length > 0)
                .Select(name => new ResourceKey("persistentvolumeclaims", metadata.Namespace, name))];
        var before = byPod.GetValueOrDefault(metadata.Uid, []);
        if (before.SequenceEqual(claims))
        {
            return false;
        }

        Array.ForEach(before, Remove);
        Array.ForEach(claims, claim => users[claim] = users.GetValueOrDefault(claim) + 1);
        byPod.Remove(metadata.Uid);
        if (claims.Length > 0)
        {
            byPod[metadata.Uid] = claims;
        }

        return true;
    }

    private void Remove(ResourceKey claim)
    {
        if (--users[claim] == 0)
        {
            users.Remove(claim);
        }
    }
}
