using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 Secret. <c>stringData</c> is only ever written: it ends up, encoded, in <c>data</c>.</summary>
public sealed class SecretKind() : CoreKind(typeof(V1Secret)), ITableRows
{
    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable("type");

    public override string Kind => "Secret";

    public override string Plural => "secrets";

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns => [Computed("Type"), Computed("Data"), Age];

    public override void Default(JsonObject document)
    {
        document.Default("type", "Opaque");
        foreach (var (key, value) in document.Object("stringData") ?? [])
        {
            document.Child("data")[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value is JsonValue text && text.TryGetValue<string>(out var content) ? content : ""));
        }

        document.Remove("stringData");
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        if (old is not null && document.Text("type") != old.Text("type"))
        {
            yield return FieldError.Invalid("type", Names.Quote(document.Text("type")), "field is immutable");
        }

        foreach (var error in DataMap.Check(document, "data").Concat(DataMap.Immutable(document, old, "data")))
        {
            yield return error;
        }
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now) =>
    [
        document.Root.Text("type"), document.Root.Fields("data").Count(), Timestamps.Age(document.Metadata.CreationTimestamp, now),
    ];
}
