using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 ResourceQuota: kept, not enforced.</summary>
public sealed class ResourceQuotaKind() : CoreKind(typeof(V1ResourceQuota))
{
    public override string Kind => "ResourceQuota";

    public override string Plural => "resourcequotas";

    public override ImmutableArray<string> ShortNames => ["quota"];

    public override bool HasStatus => true;

    protected override ImmutableArray<PrinterColumn> Columns => [Age];
}
