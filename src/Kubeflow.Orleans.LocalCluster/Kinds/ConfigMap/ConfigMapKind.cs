using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 ConfigMap.</summary>
public sealed class ConfigMapKind() : CoreKind(typeof(V1ConfigMap)), ITableRows
{
    public override string Kind => "ConfigMap";

    public override string Plural => "configmaps";

    public override ImmutableArray<string> ShortNames => ["cm"];

    protected override ImmutableArray<PrinterColumn> Columns => [Computed("Data"), Age];

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        foreach (var key in (document.Object("binaryData") ?? []).Select(entry => entry.Key).Where(key => document.Object("data")?.ContainsKey(key) == true))
        {
            yield return FieldError.Invalid($"data[{key}]", Names.Quote(key), "duplicate of key present in binaryData");
        }

        foreach (var error in DataMap.Check(document, "data").Concat(DataMap.Check(document, "binaryData")).Concat(DataMap.Immutable(document, old, "data", "binaryData")))
        {
            yield return error;
        }
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now) =>
    [
        document.Root.Fields("data").Count() + document.Root.Fields("binaryData").Count(), Timestamps.Age(document.Metadata.CreationTimestamp, now),
    ];
}
