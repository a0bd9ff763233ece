using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>rbac.authorization.k8s.io/v1 RoleBinding. Kept and shown.</summary>
public sealed class RoleBindingKind() : CoreKind(typeof(V1RoleBinding))
{
    public override string Group => "rbac.authorization.k8s.io";

    public override string Kind => "RoleBinding";

    public override string Plural => "rolebindings";

    public override NameRule NameRule => NameRule.PathSegment;

    protected override ImmutableArray<PrinterColumn> Columns => [Column("Role", ".roleRef.name"), Age];

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        if (document.Object("roleRef").Text("name").Length == 0)
        {
            yield return FieldError.Required("roleRef.name");
        }

        if (old is not null && !JsonNode.DeepEquals(document["roleRef"], old["roleRef"]))
        {
            yield return FieldError.Invalid("roleRef", "\"...\"", "cannot change roleRef");
        }
    }
}
