using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>coordination.k8s.io/v1 Lease.</summary>
public sealed class LeaseKind() : CoreKind(typeof(V1Lease))
{
    public override string Group => "coordination.k8s.io";

    public override string Kind => "Lease";

    public override string Plural => "leases";

    public override bool RequiresResourceVersion => true;

    public override bool CreateOnUpdate => true;

    protected override ImmutableArray<PrinterColumn> Columns => [Column("Holder", ".spec.holderIdentity"), Age];
}
