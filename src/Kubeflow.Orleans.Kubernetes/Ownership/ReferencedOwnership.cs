using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Ownership;

/// <summary>Owner references, for a cluster whose garbage collector sees our objects: the embedded one.</summary>
public sealed class ReferencedOwnership : ChildOwnership
{
    public override bool CollectsGarbage => true;

    internal override string Selector => $"{WellKnown.ManagedByLabel}={WellKnown.ManagerName}";

    internal override void Mark(JsonObject manifest)
    {
    }

    internal override OwnerReference? OwnerOf(JsonElement child) => new MetadataView(child).Controller;

    internal override JsonElement Reveal(JsonElement child) => child;

    internal override JsonObject? Disown() => null;
}
