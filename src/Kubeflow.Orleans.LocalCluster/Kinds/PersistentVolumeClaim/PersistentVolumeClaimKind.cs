using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 PersistentVolumeClaim.</summary>
public sealed class PersistentVolumeClaimKind() : CoreKind(typeof(V1PersistentVolumeClaim)), ITableRows
{
    public const string ProtectionFinalizer = "kubernetes.io/pvc-protection";

    public override string Kind => "PersistentVolumeClaim";

    public override string Plural => "persistentvolumeclaims";

    public override ImmutableArray<string> ShortNames => ["pvc"];

    public override bool HasStatus => true;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Status"), Computed("Volume"), Computed("Capacity"), Computed("Access Modes"), Computed("StorageClass"),
        Computed("VolumeAttributesClass"), Age, Computed("VolumeMode", priority: 1),
    ];

    public override void Default(JsonObject document)
    {
        var spec = document.Child("spec");
        spec.Default("volumeMode", "Filesystem");
        if (spec["storageClassName"] is null)
        {
            spec["storageClassName"] = StorageClassKind.DefaultName;
        }

        var metadata = document.Child("metadata");
        if (metadata["deletionTimestamp"] is null && !metadata.Array("finalizers").Any(item => item?.ToString() == ProtectionFinalizer))
        {
            metadata.Array("finalizers").Add(ProtectionFinalizer);
        }

        document.Child("status").Default("phase", "Pending");
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        if (document.Object("spec") is not { } spec)
        {
            yield return FieldError.Required("spec");
            yield break;
        }

        if (spec["accessModes"] is not JsonArray { Count: > 0 })
        {
            yield return FieldError.Required("spec.accessModes", "at least 1 access mode is required");
        }

        if (spec.Object("resources")?.Object("requests")?["storage"] is null)
        {
            yield return FieldError.Required("spec.resources[storage]");
        }

        if (old?.Object("spec") is { } oldSpec && !JsonNode.DeepEquals(Fixed(spec), Fixed(oldSpec)))
        {
            yield return FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var claim = document.Root;
        var phase = claim.Has("metadata", "deletionTimestamp") ? "Terminating" : claim.Text("status", "phase");
        return
        [
            phase, claim.Text("spec", "volumeName"), claim.Scalar("status", "capacity", "storage"), AccessModes.Short(claim.Texts("status", "accessModes")),
            claim.Text("spec", "storageClassName"), "<unset>", Timestamps.Age(document.Metadata.CreationTimestamp, now), claim.Text("spec", "volumeMode"),
        ];
    }

    private static JsonObject Fixed(JsonObject spec)
    {
        var copy = spec.DeepClone().AsObject();
        copy.Remove("resources");
        copy.Remove("volumeAttributesClassName");
        copy.Remove("volumeName");
        return copy;
    }
}
