using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>storage.k8s.io/v1 StorageClass.</summary>
public sealed class StorageClassKind() : CoreKind(typeof(V1StorageClass))
{
    /// <summary>The class of claims that name none.</summary>
    public const string DefaultName = "standard";

    public override string Group => "storage.k8s.io";

    public override string Kind => "StorageClass";

    public override string Plural => "storageclasses";

    public override ImmutableArray<string> ShortNames => ["sc"];

    public override bool Namespaced => false;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Column("Provisioner", ".provisioner"), Column("ReclaimPolicy", ".reclaimPolicy"), Column("VolumeBindingMode", ".volumeBindingMode"),
        Column("AllowVolumeExpansion", ".allowVolumeExpansion", "boolean"), Age,
    ];

    public override void Default(JsonObject document)
    {
        document.Default("reclaimPolicy", "Delete");
        document.Default("volumeBindingMode", "Immediate");
    }
}
