using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.ApiServer.Tests.Discovery;

/// <summary>A custom kind as the recordings know it, grown by a pod template.</summary>
internal sealed class SampleJobKind : ResourceKind
{
    public override string Group => "kubeflow.org";

    public override string Kind => "TFJob";

    public override string Plural => "tfjobs";

    public override ImmutableArray<string> ShortNames => ["tfj"];

    public override ImmutableArray<string> Categories => ["all", "kubeflow"];

    public override ScaleSubresource Scale { get; } = new(JsonPath.Parse(".spec.replicas"), JsonPath.Parse(".status.replicas"), JsonPath.Parse(".status.selector"));

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new("v1", Schema.Object(
            ("spec", Schema.Object(
                ("replicas", new Schema { Type = "integer", Minimum = 0, DefaultJson = "1", Description = "How many pods to run." }),
                ("queue", Schema.String),
                ("policy", new Schema { Type = "string", Enum = ["Always", "Never"], Nullable = true }),
                ("tags", Schema.ListOf(Schema.String) with { ListType = "set" }),
                ("free", Schema.FreeObject),
                ("template", ClrSchema.Of(typeof(V1PodTemplateSpec)))) with { Required = ["queue"], Description = "What to run." }),
            ("status", Schema.FreeObject)), []),
        new("v1beta1", Schema.Object(("spec", Schema.FreeObject)), []),
    ];
}

internal sealed class SampleExperimentKind : ResourceKind
{
    public override string Group => "kubeflow.org";

    public override string Kind => "Experiment";

    public override string Plural => "experiments";

    public override bool HasStatus => false;

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1beta1", Schema.Object(("spec", Schema.FreeObject)), [])];
}

internal sealed class SamplePodKind : ResourceKind, IBuiltInKind
{
    public override string Group => "";

    public override string Kind => "Pod";

    public override string Plural => "pods";

    public override ImmutableArray<string> ShortNames => ["po"];

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1", ClrSchema.Of(typeof(V1Pod)), [])];
}

internal sealed class SampleDeploymentKind : ResourceKind, IBuiltInKind
{
    public override string Group => "apps";

    public override string Kind => "Deployment";

    public override string Plural => "deployments";

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1", ClrSchema.Of(typeof(V1Deployment)), [])];
}

internal sealed class SampleNodeKind : ResourceKind, IBuiltInKind
{
    public override string Group => "";

    public override string Kind => "Node";

    public override string Plural => "nodes";

    public override bool Namespaced => false;

    public override ImmutableArray<KindVersion> Versions { get; } = [new("v1", ClrSchema.Of(typeof(V1Node)), [])];
}
