using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>
/// v1 Namespace. Its own finalizer stands in <c>spec.finalizers</c>: while it is there a delete is only a request, which the
/// namespace controller finishes once the namespace is empty.
/// </summary>
public sealed class NamespaceKind() : CoreKind(typeof(V1Namespace)), IGracefulDeletion
{
    public const string Finalizer = "kubernetes";

    private static readonly ImmutableDictionary<string, JsonPath> Fields = Selectable("status.phase");

    public override string Kind => "Namespace";

    public override string Plural => "namespaces";

    public override ImmutableArray<string> ShortNames => ["ns"];

    public override bool Namespaced => false;

    public override bool HasStatus => true;

    public override NameRule NameRule => NameRule.DnsLabel;

    public override ImmutableDictionary<string, JsonPath> SelectableFields => Fields;

    protected override ImmutableArray<PrinterColumn> Columns => [Column("Status", ".status.phase"), Age];

    public override void Default(JsonObject document)
    {
        var metadata = document.Child("metadata");
        if (metadata.Text("name") is { Length: > 0 } name)
        {
            metadata.Child("labels")["kubernetes.io/metadata.name"] = name;
        }

        if (metadata["deletionTimestamp"] is null)
        {
            document.Child("spec").Default("finalizers", new JsonArray(Finalizer));
            document.Child("status").Default("phase", "Active");
        }
    }

    /// <summary>No client may hurry it: what is in the namespace goes first.</summary>
    public long GracePeriodSeconds(Document document, long? requested) => document.Root.Items("spec", "finalizers").Any() ? 1 : 0;
}
