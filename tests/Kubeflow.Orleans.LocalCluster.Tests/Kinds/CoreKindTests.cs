using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kinds;

public sealed class CoreKindTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero);
    private static readonly KindCatalog Catalog = new(CoreKinds.All(new FixedAddresses()));

    public static TheoryData<string> Resources => [.. Catalog.All.Select(kind => kind.Resource)];

    [Theory]
    [MemberData(nameof(Resources))]
    public void Kind_has_a_schema_and_as_many_cells_as_columns_even_for_an_empty_object(string resource)
    {
        var kind = Catalog.Find(resource)!;
        var version = Assert.Single(kind.Versions);
        Assert.NotEmpty(version.Schema.Properties);
        Assert.IsAssignableFrom<IBuiltInKind>(kind);

        var body = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "a", ["namespace"] = "default" } };
        kind.Default(body);
        _ = kind.Validate(body, null).ToList();
        if (kind is ITableRows rows)
        {
            Assert.Equal(version.Columns.Length, rows.Cells(Document.FromNode(body), Now).Count);
        }
    }

    /// <summary>Resource, object, the cells after NAME.</summary>
    public static TheoryData<string, string, string> Rows => new()
    {
        {
            "services", "{metadata: {creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {type: ClusterIP, clusterIP: None, selector: {app: a}, ports: [{port: 80, protocol: TCP}, {port: 81, nodePort: 3, protocol: TCP}]}}",
            "ClusterIP|None|<none>|80/TCP,81:3/TCP|60m|app=a"
        },
        {
            "nodes", "{metadata: {creationTimestamp: '2026-01-01T00:59:00Z', labels: {node-role.kubernetes.io/worker: ''}}, spec: {unschedulable: true}, status: {nodeInfo: {kubeletVersion: v1}, conditions: [{type: Ready, status: 'True'}]}}",
            "Ready,SchedulingDisabled|worker|60s|v1|<none>|<none>|<unknown>|<unknown>|<unknown>"
        },
        { "configmaps", "{metadata: {creationTimestamp: '2026-01-01T00:00:00Z'}, data: {a: b}, binaryData: {c: d}}", "2|60m" },
        { "secrets", "{metadata: {creationTimestamp: '2026-01-01T00:00:00Z'}, type: Opaque, data: {a: b}}", "Opaque|1|60m" },
        {
            "persistentvolumeclaims", "{metadata: {creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {volumeName: v, storageClassName: standard, volumeMode: Filesystem}, status: {phase: Bound, accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}}}",
            "Bound|v|1Gi|RWO|standard|<unset>|60m|Filesystem"
        },
        {
            "events", "{metadata: {name: x}, type: Normal, reason: Pulled, message: done, count: 3, firstTimestamp: '2026-01-01T00:55:00Z', lastTimestamp: '2026-01-01T00:59:30Z', involvedObject: {kind: Pod, name: p}, source: {component: kubelet, host: here}}",
            "30s (x3 over 5m)|Normal|Pulled|pod/p||kubelet, here|done|5m|3"
        },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_shows_what_kubectl_shows(string resource, string yaml, string cells) =>
        Assert.Equal(cells, string.Join('|', ((ITableRows)Catalog.Find(resource)!).Cells(Yaml.Document(yaml), Now)));

    [Fact]
    public void Service_gets_its_defaults_and_address_unless_it_is_headless()
    {
        var kind = Catalog.Find("services")!;
        var service = Yaml.Node("{metadata: {name: s, namespace: default}, spec: {ports: [{port: 80}]}}");
        kind.Default(service);
        AssertJson.Equal(
            Yaml.Node("""
                {ports: [{port: 80, protocol: TCP, targetPort: 80}], type: ClusterIP, sessionAffinity: None, clusterIP: 127.64.0.1, clusterIPs: [127.64.0.1],
                 ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, internalTrafficPolicy: Cluster}
                """),
            service["spec"]!);

        var headless = Yaml.Node("{metadata: {name: s, namespace: default}, spec: {clusterIP: None, ports: [{port: 80}]}}");
        kind.Default(headless);
        Assert.Equal("None", headless["spec"]!["clusterIP"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("{maxReplicas: 3}")]
    [InlineData("{minReplicas: 0, maxReplicas: 3}", "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1")]
    [InlineData("{}", "spec.maxReplicas: Invalid value: 0: must be greater than 0", "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`")]
    [InlineData("{minReplicas: 4, maxReplicas: 3}", "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`")]
    public void Autoscaler_has_bounds_that_fit_each_other(string spec, params string[] errors)
    {
        var kind = Catalog.Find("horizontalpodautoscalers.autoscaling")!;
        var autoscaler = Yaml.Node($"{{metadata: {{name: a, namespace: default}}, spec: {spec}}}");
        kind.Default(autoscaler);
        Assert.Equal(errors, kind.Validate(autoscaler, null).Select(error => error.ToString()));
    }

    public static TheoryData<string, string> ServiceRefusals => new()
    {
        { "{type: ClusterIP}", "spec.ports: Required value" },
        { "{ports: [{port: 0}]}", "spec.ports[0].port: Required value" },
        { "{ports: [{port: 70000}]}", "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive" },
        { "{ports: [{port: 1}, {port: 2}]}", "spec.ports[0].name: Required value" },
        { "{ports: [{name: a, port: 1}, {name: a, port: 2}]}", "spec.ports[1].name: Duplicate value: \"a\"" },
        { "{type: Odd, ports: [{port: 1}]}", "spec.type: Unsupported value: \"Odd\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"" },
        { "{type: ExternalName}", "spec.externalName: Required value" },
    };

    [Theory]
    [MemberData(nameof(ServiceRefusals))]
    public void Bad_service_is_refused_in_the_API_servers_words(string spec, string message) =>
        Assert.Contains(message, Catalog.Find("services")!.Validate(Yaml.Node($"{{spec: {spec}}}"), null).Select(error => error.ToString()));

    [Fact]
    public void Secret_moves_string_data_into_data()
    {
        var secret = Yaml.Node("{stringData: {user: admin}, data: {other: eA==}}");
        Catalog.Find("secrets")!.Default(secret);
        AssertJson.Equal(Yaml.Node("{type: Opaque, data: {other: eA==, user: YWRtaW4=}}"), secret);
    }

    [Fact]
    public void Immutable_config_map_keeps_its_data()
    {
        var kind = Catalog.Find("configmaps")!;
        var old = Yaml.Node("{immutable: true, data: {a: b}}");
        Assert.Empty(kind.Validate(Yaml.Node("{immutable: true, data: {a: b}}"), old));
        Assert.Equal("data: Forbidden: field is immutable when `immutable` is set", Assert.Single(kind.Validate(Yaml.Node("{immutable: true, data: {a: c}}"), old)).ToString());
    }
}
