using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>batch/v1 Job: pods that run to their end, without completion indexes.</summary>
public sealed class JobKind() : CoreKind(typeof(V1Job)), IPreparedOnCreate, ITableRows
{
    public const string ControllerUid = "batch.kubernetes.io/controller-uid";
    public const string JobName = "batch.kubernetes.io/job-name";

    private static readonly string[] Counts = ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"];

    public override string Group => "batch";

    public override string Kind => "Job";

    public override string Plural => "jobs";

    public override bool HasStatus => true;

    public override bool HasGeneration => true;

    protected override ImmutableArray<PrinterColumn> Columns => [Computed("Status"), Computed("Completions"), Computed("Duration"), Age];

    public override void Default(JsonObject document)
    {
        if (document.Object("spec") is not { } spec)
        {
            return;
        }

        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec.Default("completions", 1);
        }

        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", 6);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("podReplacementPolicy", "TerminatingOrFailed");
        spec.Default("suspend", false);
    }

    /// <summary>The pods are told apart by the uid, so that a job of the same name never counts another's.</summary>
    public void Prepare(JsonObject document)
    {
        var metadata = document.Child("metadata");
        var spec = document.Child("spec");
        var labels = spec.Child("template").Child("metadata").Child("labels");
        foreach (var (name, value) in ((string, string)[])
            [(ControllerUid, metadata.Text("uid")), (JobName, metadata.Text("name")), ("controller-uid", metadata.Text("uid")), ("job-name", metadata.Text("name"))])
        {
            labels[name] = value;
        }

        if (!spec.Flag("manualSelector"))
        {
            spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [ControllerUid] = metadata.Text("uid") } };
        }
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var spec = document.Object("spec");
        foreach (var error in Counts.SelectMany(field => Names.NotNegative($"spec.{field}", spec.Integer(field))))
        {
            yield return error;
        }

        var policy = spec?.Object("template")?.Object("spec").Text("restartPolicy") ?? "";
        if (policy is not ("OnFailure" or "Never"))
        {
            yield return policy.Length == 0
                ? FieldError.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"")
                : FieldError.NotSupported("spec.template.spec.restartPolicy", Names.Quote(policy), ["OnFailure", "Never"]);
        }

        if (spec.Text("completionMode") is { Length: > 0 } mode and not "NonIndexed")
        {
            yield return FieldError.Invalid("spec.completionMode", Names.Quote(mode), "the embedded cluster runs jobs without completion indexes only");
        }

        if (old?.Object("spec") is { } before && !before.Flag("suspend") && !JsonNode.DeepEquals(before["template"], spec?["template"]))
        {
            yield return FieldError.Invalid("spec.template", "\"...\"", "field is immutable");
        }
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var root = document.Root;
        var status = root.At("status");
        var conditions = status.Items("conditions").Where(condition => condition.Text("status") == "True").Select(condition => condition.Text("type")).ToList();
        var state = conditions.Find(condition => condition is "Complete" or "Failed" or "Suspended") ?? "Running";
        var wanted = root.Integer("spec", "completions") is { } completions ? $"{completions}" : $"1 of {root.Integer("spec", "parallelism")}";
        var started = status.Time("startTime");
        return [state, $"{status.Integer("succeeded") ?? 0}/{wanted}", started is null ? "" : Timestamps.Age(started, status.Time("completionTime") ?? now), Timestamps.Age(document.Metadata.CreationTimestamp, now)];
    }
}
