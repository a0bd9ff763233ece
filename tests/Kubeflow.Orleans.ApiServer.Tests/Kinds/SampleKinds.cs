using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Tests.Kinds;

/// <summary>The kind the golden exchanges were recorded with (fixture crd.yaml).</summary>
internal sealed class GoldenJobKind : ResourceKind, IReconciledKind
{
    public override string Group => "kubeflow.org";

    public override string Kind => "TFJob";

    public override string Plural => "tfjobs";

    public override ImmutableArray<string> ShortNames => ["tfj"];

    public override ImmutableArray<string> Categories => ["all", "kubeflow"];

    public override ScaleSubresource Scale { get; } =
        new(JsonPath.Parse(".spec.replicas"), JsonPath.Parse(".status.replicas"), JsonPath.Parse(".status.selector"));

    public override ImmutableDictionary<string, JsonPath> SelectableFields { get; } =
        ImmutableDictionary<string, JsonPath>.Empty.Add("spec.queue", JsonPath.Parse(".spec.queue"));

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new(
            "v1",
            Schema.Object(("spec", Spec()), ("status", Status())),
            [
                new PrinterColumn("State", "string", JsonPath.Parse(".status.conditions[-1:].type")),
                new PrinterColumn("Age", "date", JsonPath.Parse(".metadata.creationTimestamp")),
            ]),
    ];

    private static Schema Spec() => Schema.Object(
        ("replicas", new Schema { Type = "integer", Minimum = 0, DefaultJson = "1" }),
        ("queue", Schema.String),
        ("tags", Schema.ListOf(Schema.String) with { ListType = "set" }),
        ("parts", Schema.ListOf(Schema.Object(("name", Schema.String), ("v", new Schema { Type = "integer" })) with { Required = ["name"] }) with { ListType = "map", ListMapKeys = ["name"] }),
        ("args", Schema.ListOf(Schema.String)),
        ("free", Schema.FreeObject),
        ("labels", Schema.MapOf(Schema.String))) with
    { Required = ["queue"] };

    private static Schema Status() => Schema.Object(
        ("replicas", new Schema { Type = "integer" }),
        ("selector", Schema.String),
        ("conditions", Schema.ListOf(Schema.Object(
            ("type", Schema.String), ("status", Schema.String), ("reason", Schema.String), ("message", Schema.String), ("lastTransitionTime", Schema.Time)))));
}

/// <summary>As much of the core kind as the API machinery itself looks at.</summary>
internal sealed class NamespaceKind : ResourceKind, IBuiltInKind, IPreparedOnCreate
{
    public bool HasGeneration => false;

    public override string Group => "";

    public override string Kind => "Namespace";

    public override string Plural => "namespaces";

    public override bool Namespaced => false;

    public override NameRule NameRule => NameRule.DnsLabel;

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new("v1", Schema.Object(("spec", Schema.Object(("finalizers", Schema.ListOf(Schema.String)))), ("status", Schema.Object(("phase", Schema.String)))), []),
    ];

    public override void Default(JsonObject document)
    {
        var metadata = document["metadata"]!.AsObject();
        metadata["labels"] ??= new JsonObject();
        metadata["labels"]!["kubernetes.io/metadata.name"] = metadata["name"]?.DeepClone();
    }

    public void Prepare(JsonObject document)
    {
        document["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        document["status"] = new JsonObject { ["phase"] = "Active" };
    }
}

internal sealed class ConfigMapKind : ResourceKind, IBuiltInKind
{
    public bool HasGeneration => false;

    public override string Group => "";

    public override string Kind => "ConfigMap";

    public override string Plural => "configmaps";

    public override bool HasStatus => false;

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1", Schema.Object(("data", Schema.MapOf(Schema.String))), [])];
}

/// <summary>A built-in kind that ends gracefully, like pods.</summary>
internal sealed class GracefulKind : ResourceKind, IBuiltInKind, IGracefulDeletion
{
    public override string Group => "";

    public override string Kind => "Pod";

    public override string Plural => "pods";

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1", Schema.Object(("spec", Schema.FreeObject), ("status", Schema.FreeObject)), [])];

    public long GracePeriodSeconds(Core.Resources.Document document, long? requested) => requested ?? 30;
}

/// <summary>A built-in kind that PUT creates, like leases; and one that comes in two versions.</summary>
internal sealed class LeaseKind : ResourceKind, IBuiltInKind
{
    public bool RequiresResourceVersion => true;

    public bool CreateOnUpdate => true;

    public override string Group => "coordination.k8s.io";

    public override string Kind => "Lease";

    public override string Plural => "leases";

    public override bool HasStatus => false;

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new("v1", Schema.Object(("spec", Schema.Object(("holderIdentity", Schema.String)))), []),
        new("v1beta1", Schema.Object(("spec", Schema.Object(("holderIdentity", Schema.String)))), []),
    ];
}

/// <summary>A kind whose versions are shapes of their own, like MPIJob's.</summary>
internal sealed class TwoShapeKind : ResourceKind
{
    public override string Group => "kubeflow.org";

    public override string Kind => "MPIJob";

    public override string Plural => "mpijobs";

    public override bool KeepsVersions => true;

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new("v1", Schema.Object(("spec", Schema.Object(("mainContainer", Schema.String)))), []),
        new("v2beta1", Schema.Object(("spec", Schema.Object(("sshAuthMountPath", Schema.String with { DefaultJson = "\"/root/.ssh\"" })))), []),
    ];
}
