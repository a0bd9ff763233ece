using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 Pod.</summary>
public sealed class PodKind() : CoreKind(typeof(V1Pod)), IGracefulDeletion, ITableRows
{
    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable(
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName");

    public override string Kind => "Pod";

    public override string Plural => "pods";

    public override bool HasGeneration => true;

    public override ImmutableArray<string> ShortNames => ["po"];

    public override ImmutableArray<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Ready"), Computed("Status"), Computed("Restarts"), Age,
        Computed("IP", priority: 1), Computed("Node", priority: 1), Computed("Nominated Node", priority: 1), Computed("Readiness Gates", priority: 1),
    ];

    public override void Default(JsonObject document) => PodDefaults.Apply(document);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old) =>
        old is null ? PodValidation.Check(document) : PodUpdateValidation.Check(document, old);

    /// <summary>Nobody runs a pod that has no node or has ended, so nothing has to be waited for.</summary>
    public long GracePeriodSeconds(Document document, long? requested)
    {
        var root = document.Root;
        if (root.Text("spec", "nodeName").Length == 0 || root.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return 0;
        }

        var seconds = requested ?? root.Integer("spec", "terminationGracePeriodSeconds") ?? 30;
        return seconds < 0 ? 1 : seconds;
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now) => PodRows.Cells(document.Root, now);

    public JsonArray? Conditions(Document document) => PodRows.Conditions(document.Root);
}
