using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Ownership;

/// <summary>
/// How children in a cluster say whose they are. Above, every child has an owner reference; what stands in the cluster depends on
/// whether its garbage collector can see the owner: it deletes whatever refers to an owner it does not find.
/// </summary>
public abstract class ChildOwnership
{
    /// <summary>The cluster itself deletes the children of an object that is gone; otherwise we do.</summary>
    public abstract bool CollectsGarbage { get; }

    /// <summary>Selects what is ours in the cluster.</summary>
    internal abstract string Selector { get; }

    /// <summary>Brings a manifest with an owner reference into the form it has in the cluster.</summary>
    internal abstract void Mark(JsonObject manifest);

    /// <summary>The controlling owner of an object of the cluster; null when it has none of ours.</summary>
    internal abstract OwnerReference? OwnerOf(JsonElement child);

    /// <summary>The object as those above know it: with its owner reference.</summary>
    internal abstract JsonElement Reveal(JsonElement child);

    /// <summary>A merge patch after which the object is nobody's; null when nothing must be done for that.</summary>
    internal abstract JsonObject? Disown();
}
