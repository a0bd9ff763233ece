using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>v1 Service.</summary>
public sealed class ServiceKind(IServiceAddresses addresses) : CoreKind(typeof(V1Service)), ITableRows
{
    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable("spec.clusterIP", "spec.type");

    public override string Kind => "Service";

    public override string Plural => "services";

    public override ImmutableArray<string> ShortNames => ["svc"];

    public override ImmutableArray<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override bool CreateOnUpdate => true;

    public override NameRule NameRule => NameRule.Dns1035Label;

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns =>
    [
        Computed("Type"), Computed("Cluster-IP"), Computed("External-IP"), Computed("Port(s)"), Age, Computed("Selector", priority: 1),
    ];

    public override void Default(JsonObject document) => ServiceDefaults.Apply(document, addresses);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old) => ServiceValidation.Check(document, old);

    public IReadOnlyList<JsonNode?> Cells(Document document, DateTimeOffset now)
    {
        var service = document.Root;
        var ports = service.Items("spec", "ports").Select(Port);
        var selector = string.Join(',', service.Fields("spec", "selector").Select(field => $"{field.Name}={field.Value.Scalar()}"));
        return
        [
            service.Text("spec", "type"), OrNone(service.Text("spec", "clusterIP")), ExternalAddress(service), OrNone(string.Join(',', ports)),
            Timestamps.Age(service.Time("metadata", "creationTimestamp"), now), OrNone(selector),
        ];
    }

    private static string ExternalAddress(System.Text.Json.JsonElement service)
    {
        var external = string.Join(',', service.Texts("spec", "externalIPs"));
        return service.Text("spec", "type") switch
        {
            "ExternalName" => service.Text("spec", "externalName"),
            "LoadBalancer" when external.Length == 0 => "<pending>",
            _ => OrNone(external),
        };
    }

    private static string Port(System.Text.Json.JsonElement port)
    {
        var node = port.Integer("nodePort") is { } number and not 0 ? $":{number}" : "";
        return $"{port.Integer("port")}{node}/{port.Text("protocol")}";
    }

    private static string OrNone(string value) => value.Length == 0 ? "<none>" : value;
}
