using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 Event.</summary>
public sealed class EventKind() : CoreKind(typeof(Corev1Event)), ITableRows
{
    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable(
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "type").SetItem("source", JsonPath.Parse(".source.component"));

    public override string Kind => "Event";

    public override string Plural => "events";

    public override ImmutableArray<string> ShortNames => ["ev"];

    public override bool CreateOnUpdate => true;

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Last Seen"), Computed("Type"), Computed("Reason"), Computed("Object"), Computed("Subobject", priority: 1),
        Computed("Source", priority: 1), Computed("Message"), Computed("First Seen", priority: 1), Computed("Count", priority: 1),
    ];

    public override void Default(JsonObject document)
    {
        document.Child("source");
        document.Default("reportingComponent", document.Object("source").Text("component"));
        document.Default("reportingInstance", document.Object("source").Text("host"));
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var about = document.Object("involvedObject").Text("namespace");
        var own = document.Object("metadata").Text("namespace");
        return (about.Length == 0 && own == "default") || about == own || about.Length == 0
            ? []
            : [FieldError.Invalid("involvedObject.namespace", Names.Quote(about), "does not match event.namespace")];
    }

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var item = document.Root;
        var first = item.Time("firstTimestamp") ?? item.Time("eventTime") ?? item.Time("metadata", "creationTimestamp");
        var last = item.Time("series", "lastObservedTime") ?? item.Time("lastTimestamp") ?? first;
        var count = item.Integer("series", "count") ?? item.Integer("count") ?? 1;
        var lastSeen = count > 1 ? $"{Timestamps.Age(last, now)} (x{count} over {Timestamps.Age(first, now)})" : Timestamps.Age(last, now);
        return
        [
            lastSeen, item.Text("type"), item.Text("reason"), $"{item.Text("involvedObject", "kind").ToLowerInvariant()}/{item.Text("involvedObject", "name")}",
            item.Text("involvedObject", "fieldPath"), Source(item), item.Text("message").Trim(), Timestamps.Age(first, now), count,
        ];
    }

    private static string Source(JsonElement item)
    {
        var component = item.Text("source", "component") is { Length: > 0 } given ? given : item.Text("reportingComponent");
        var host = item.Text("source", "host") is { Length: > 0 } source ? source : item.Text("reportingInstance");
        return host.Length == 0 ? component : $"{component}, {host}";
    }
}
