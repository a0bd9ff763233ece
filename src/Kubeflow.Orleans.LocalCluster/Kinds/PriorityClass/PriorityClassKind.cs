using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>scheduling.k8s.io/v1 PriorityClass.</summary>
public sealed class PriorityClassKind() : CoreKind(typeof(V1PriorityClass))
{
    private const long HighestUserPriority = 1_000_000_000;

    public override string Group => "scheduling.k8s.io";

    public override string Kind => "PriorityClass";

    public override string Plural => "priorityclasses";

    public override bool HasGeneration => true;

    public override ImmutableArray<string> ShortNames => ["pc"];

    public override bool Namespaced => false;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Column("Value", ".value", "integer"), Column("Global-Default", ".globalDefault", "boolean"), Age, Column("PreemptionPolicy", ".preemptionPolicy"),
    ];

    public override void Default(JsonObject document)
    {
        document.Default("preemptionPolicy", "PreemptLowerPriority");
        document.Default("value", 0);
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var name = document.Object("metadata").Text("name");
        var value = document.Integer("value") ?? 0;
        if (value > HighestUserPriority && !name.StartsWith("system-", StringComparison.Ordinal))
        {
            yield return FieldError.Forbidden("value", $"maximum allowed value of a user defined priority is {HighestUserPriority}");
        }

        if (old is not null && value != (old.Integer("value") ?? 0))
        {
            yield return FieldError.Forbidden("value", "may not be changed in an update.");
        }
    }
}
