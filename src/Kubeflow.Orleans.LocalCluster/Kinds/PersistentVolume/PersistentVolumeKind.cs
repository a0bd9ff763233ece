using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 PersistentVolume.</summary>
public sealed class PersistentVolumeKind() : CoreKind(typeof(V1PersistentVolume)), ITableRows
{
    public const string ProtectionFinalizer = "kubernetes.io/pv-protection";

    public override string Kind => "PersistentVolume";

    public override string Plural => "persistentvolumes";

    public override ImmutableArray<string> ShortNames => ["pv"];

    public override bool Namespaced => false;

    public override bool HasStatus => true;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Capacity"), Computed("Access Modes"), Computed("Reclaim Policy"), Computed("Status"), Computed("Claim"),
        Computed("StorageClass"), Computed("VolumeAttributesClass"), Computed("Reason"), Age, Computed("VolumeMode", priority: 1),
    ];

    public override void Default(JsonObject document)
    {
        var spec = document.Child("spec");
        spec.Default("persistentVolumeReclaimPolicy", "Retain");
        spec.Default("volumeMode", "Filesystem");
        document.Child("status").Default("phase", "Pending");
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var volume = document.Root;
        var phase = volume.Has("metadata", "deletionTimestamp") ? "Terminating" : volume.Text("status", "phase");
        var claim = volume.Has("spec", "claimRef") ? $"{volume.Text("spec", "claimRef", "namespace")}/{volume.Text("spec", "claimRef", "name")}" : "";
        return
        [
            volume.Scalar("spec", "capacity", "storage"), AccessModes.Short(volume.Texts("spec", "accessModes")), volume.Text("spec", "persistentVolumeReclaimPolicy"),
            phase, claim, volume.Text("spec", "storageClassName"), "<unset>", volume.Text("status", "reason"), Timestamps.Age(document.Metadata.CreationTimestamp, now),
            volume.Text("spec", "volumeMode"),
        ];
    }
}
