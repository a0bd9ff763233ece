using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>rbac.authorization.k8s.io/v1 Role. Kept and shown; pods here have no identity to be held to it.</summary>
public sealed class RoleKind() : CoreKind(typeof(V1Role))
{
    public override string Group => "rbac.authorization.k8s.io";

    public override string Kind => "Role";

    public override string Plural => "roles";

    public override NameRule NameRule => NameRule.PathSegment;

    protected override ImmutableArray<PrinterColumn> Columns => [Column("Created At", ".metadata.creationTimestamp")];
}
