using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 ServiceAccount.</summary>
public sealed class ServiceAccountKind() : CoreKind(typeof(V1ServiceAccount))
{
    public override string Kind => "ServiceAccount";

    public override string Plural => "serviceaccounts";

    public override ImmutableArray<string> ShortNames => ["sa"];

    protected override ImmutableArray<PrinterColumn> Columns => [Age];
}
