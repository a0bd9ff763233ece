using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>autoscaling/v2 HorizontalPodAutoscaler. Kept and shown; a laptop has no metrics to scale by.</summary>
public sealed class HorizontalPodAutoscalerKind() : CoreKind(typeof(V2HorizontalPodAutoscaler))
{
    public override string Group => "autoscaling";

    public override string Kind => "HorizontalPodAutoscaler";

    public override string Plural => "horizontalpodautoscalers";

    public override bool HasStatus => true;

    public override ImmutableArray<string> ShortNames => ["hpa"];

    protected override string Version => "v2";

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Column("Reference", ".spec.scaleTargetRef.name"), Column("MinPods", ".spec.minReplicas", "integer"), Column("MaxPods", ".spec.maxReplicas", "integer"),
        Column("Replicas", ".status.currentReplicas", "integer"), Age,
    ];

    public override void Default(JsonObject document) => document.Object("spec")?.Default("minReplicas", 1);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var spec = document.Object("spec");
        var (minimum, maximum) = (spec.Integer("minReplicas") ?? 1, spec.Integer("maxReplicas") ?? 0);
        if (minimum < 1)
        {
            yield return FieldError.Invalid("spec.minReplicas", $"{minimum}", "must be greater than or equal to 1");
        }

        if (maximum < 1)
        {
            yield return FieldError.Invalid("spec.maxReplicas", $"{maximum}", "must be greater than 0");
        }

        if (maximum < minimum)
        {
            yield return FieldError.Invalid("spec.maxReplicas", $"{maximum}", "must be greater than or equal to `minReplicas`");
        }
    }
}
