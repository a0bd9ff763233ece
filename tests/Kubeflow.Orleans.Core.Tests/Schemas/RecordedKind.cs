using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Core.Tests.Schemas;

/// <summary>The schema of the kind the recordings were made with.</summary>
internal static class RecordedKind
{
    public static ScaleSubresource Scale { get; } = new(JsonPath.Parse(".spec.replicas"), JsonPath.Parse(".status.replicas"), JsonPath.Parse(".status.selector"));

    public static Schema Schema { get; } = Schema.Object(
        ("spec", Schema.Object(
            ("replicas", new Schema { Type = "integer", Minimum = 0, DefaultJson = "1" }),
            ("queue", Schema.String),
            ("tags", Schema.ListOf(Schema.String) with { ListType = "set" }),
            ("parts", Schema.ListOf(Schema.Object(("name", Schema.String), ("v", Schema.Int64)) with { Required = ["name"] }) with { ListType = "map", ListMapKeys = ["name"] }),
            ("args", Schema.ListOf(Schema.String)),
            ("free", Schema.FreeObject),
            ("labels", Schema.MapOf(Schema.String))) with
        { Required = ["queue"] }),
        ("status", Schema.Object(("replicas", new Schema { Type = "integer" }), ("selector", Schema.String))));
}
