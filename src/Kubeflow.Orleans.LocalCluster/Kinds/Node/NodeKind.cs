using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 Node.</summary>
public sealed class NodeKind() : CoreKind(typeof(V1Node)), ITableRows
{
    private const string RoleLabel = "node-role.kubernetes.io/";

    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable("spec.unschedulable");

    public override string Kind => "Node";

    public override string Plural => "nodes";

    public override ImmutableArray<string> ShortNames => ["no"];

    public override bool Namespaced => false;

    public override bool HasStatus => true;

    public override bool StatusOnCreate => true;

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Status"), Computed("Roles"), Age, Computed("Version"), Computed("Internal-IP", priority: 1), Computed("External-IP", priority: 1),
        Computed("OS-Image", priority: 1), Computed("Kernel-Version", priority: 1), Computed("Container-Runtime", priority: 1),
    ];

    public override void Default(JsonObject document) => document.Child("spec");

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var node = document.Root;
        return
        [
            Status(node), Roles(node), Timestamps.Age(node.Time("metadata", "creationTimestamp"), now), node.Text("status", "nodeInfo", "kubeletVersion"),
            Address(node, "InternalIP"), Address(node, "ExternalIP"), OrUnknown(node.Text("status", "nodeInfo", "osImage")),
            OrUnknown(node.Text("status", "nodeInfo", "kernelVersion")), OrUnknown(node.Text("status", "nodeInfo", "containerRuntimeVersion")),
        ];
    }

    private static string Status(JsonElement node)
    {
        var ready = node.Items("status", "conditions").FirstOrDefault(condition => condition.Text("type") == "Ready").Text("status");
        var text = ready switch
        {
            "True" => "Ready",
            "" => "Unknown",
            _ => "NotReady",
        };
        return node.Flag("spec", "unschedulable") ? text + ",SchedulingDisabled" : text;
    }

    private static string Roles(JsonElement node)
    {
        var roles = node.Fields("metadata", "labels").Select(label => label.Name).Where(name => name.StartsWith(RoleLabel, StringComparison.Ordinal))
            .Select(name => name[RoleLabel.Length..]).Order(StringComparer.Ordinal);
        return string.Join(',', roles) is { Length: > 0 } text ? text : "<none>";
    }

    private static string Address(JsonElement node, string type) =>
        node.Items("status", "addresses").FirstOrDefault(address => address.Text("type") == type).Text("address") is { Length: > 0 } text ? text : "<none>";

    private static string OrUnknown(string value) => value.Length == 0 ? "<unknown>" : value;
}
