using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 LimitRange: kept, not enforced.</summary>
public sealed class LimitRangeKind() : CoreKind(typeof(V1LimitRange))
{
    public override string Kind => "LimitRange";

    public override string Plural => "limitranges";

    public override ImmutableArray<string> ShortNames => ["limits"];

    public override bool CreateOnUpdate => true;

    protected override ImmutableArray<PrinterColumn> Columns => [Column("Created At", ".metadata.creationTimestamp")];
}
