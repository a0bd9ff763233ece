using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.LocalCluster.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Volumes;

/// <summary>What binding writes into claims and volumes. Pure.</summary>
internal static class VolumeDocuments
{
    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";

    public static JsonObject Provision(string name, string path, Document claim) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "PersistentVolume",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["annotations"] = new JsonObject { [ProvisionedBy] = ClaimBinder.Provisioner },
            ["finalizers"] = new JsonArray(PersistentVolumeKind.ProtectionFinalizer),
        },
        ["spec"] = new JsonObject
        {
            ["capacity"] = new JsonObject { ["storage"] = claim.Root.Scalar("spec", "resources", "requests", "storage") },
            ["accessModes"] = new JsonArray([.. claim.Root.Texts("spec", "accessModes").Select(mode => (JsonNode)mode)]),
            ["persistentVolumeReclaimPolicy"] = "Delete",
            ["storageClassName"] = claim.Root.Text("spec", "storageClassName"),
            ["hostPath"] = new JsonObject { ["path"] = path, ["type"] = "DirectoryOrCreate" },
            ["claimRef"] = ClaimReference(claim),
        },
    };

    public static bool BindVolume(JsonObject volume, Document claim)
    {
        volume.Child("spec")["claimRef"] = ClaimReference(claim);
        return SetPhase(volume, "Bound");
    }

    public static bool BindClaim(JsonObject claim, string uid, Document volume)
    {
        if (claim.Object("metadata").Text("uid") != uid)
        {
            return false;
        }

        var annotations = claim.Child("metadata").Child("annotations");
        annotations["pv.kubernetes.io/bind-completed"] = "yes";
        annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
        annotations["volume.kubernetes.io/storage-provisioner"] = ClaimBinder.Provisioner;
        claim.Child("spec")["volumeName"] = volume.Metadata.Name;
        var status = claim.Child("status");
        status["phase"] = "Bound";
        status["accessModes"] = Copy(volume.Root.At("spec", "accessModes"));
        status["capacity"] = Copy(volume.Root.At("spec", "capacity"));
        return true;
    }

    public static bool SetPhase(JsonObject volume, string phase)
    {
        volume.Child("status")["phase"] = phase;
        return true;
    }

    public static bool Unprotect(JsonObject volume) =>
        volume.Child("metadata").RemoveFrom("finalizers", finalizer => finalizer?.ToString() == PersistentVolumeKind.ProtectionFinalizer);

    private static JsonObject ClaimReference(Document claim) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "PersistentVolumeClaim",
        ["namespace"] = claim.Metadata.Namespace,
        ["name"] = claim.Metadata.Name,
        ["uid"] = claim.Metadata.Uid,
    };

    private static JsonNode? Copy(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(element.GetRawText());
}
