using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Ownership;

/// <summary>
/// Labels and an annotation, for a cluster that does not know our objects. Its garbage collector would take an owner reference to one of
/// them for a reference to something deleted, and delete the child at once.
/// </summary>
/// <param name="controlPlane">Tells our children from those of another control plane in the same cluster.</param>
/// <param name="cluster">What we call the cluster: of two names for one cluster neither sees the other's children.</param>
public sealed class LabelledOwnership(string controlPlane, string cluster) : ChildOwnership
{
    private const string References = "ownerReferences";

    private readonly string driver = $"{controlPlane}.{cluster}";

    public override bool CollectsGarbage => false;

    internal override string Selector => $"{WellKnown.ManagedByLabel}={WellKnown.ManagerName},{WellKnown.ControlPlaneLabel}={driver}";

    internal override void Mark(JsonObject manifest)
    {
        var metadata = manifest["metadata"]!.AsObject();
        if (new MetadataView(JsonSerializer.SerializeToElement(manifest)).Controller is not { } owner)
        {
            return;
        }

        var references = metadata[References]!.AsArray();
        var controlling = references.First(reference => (bool?)reference!["controller"] == true)!;
        references.Remove(controlling);
        if (references.Count == 0)
        {
            metadata.Remove(References);
        }

        Member(metadata, "annotations")[WellKnown.OwnerAnnotation] = controlling.ToJsonString();
        var labels = Member(metadata, "labels");
        labels[WellKnown.ManagedByLabel] = WellKnown.ManagerName;
        labels[WellKnown.ControlPlaneLabel] = driver;
        labels[WellKnown.OwnerUidLabel] = owner.Uid;
        labels[WellKnown.ShardLabel] = StableHash.Shard(owner.Uid).ToString(CultureInfo.InvariantCulture);
    }

    internal override OwnerReference? OwnerOf(JsonElement child) =>
        ReferenceOf(child) is { } reference ? new MetadataView(Wrap(reference)).Controller : null;

    internal override JsonElement Reveal(JsonElement child)
    {
        if (ReferenceOf(child) is not { } reference)
        {
            return child;
        }

        var revealed = JsonObject.Create(child)!;
        var metadata = revealed["metadata"]!.AsObject();
        var others = metadata[References]?.DeepClone().AsArray() ?? [];
        metadata[References] = new JsonArray([.. others.Select(other => other!.DeepClone()), reference]);
        return JsonSerializer.SerializeToElement(revealed);
    }

    internal override JsonObject? Disown() => new()
    {
        ["metadata"] = new JsonObject
        {
            ["labels"] = Nothing(WellKnown.ManagedByLabel, WellKnown.ControlPlaneLabel, WellKnown.OwnerUidLabel, WellKnown.OwnerResourceLabel, WellKnown.ShardLabel),
            ["annotations"] = Nothing(WellKnown.OwnerAnnotation),
        },
    };

    /// <summary>Anybody who may edit the child can write what he likes into the annotation: what is no reference is none.</summary>
    private JsonObject? ReferenceOf(JsonElement child)
    {
        var metadata = new MetadataView(child);
        if (metadata.Labels.GetValueOrDefault(WellKnown.ControlPlaneLabel) != driver || !metadata.Annotations.TryGetValue(WellKnown.OwnerAnnotation, out var text))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement Wrap(JsonNode reference) =>
        JsonSerializer.SerializeToElement(new JsonObject { ["metadata"] = new JsonObject { [References] = new JsonArray(reference.DeepClone()) } });

    private static JsonObject Member(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject member)
        {
            parent[name] = member = [];
        }

        return member;
    }

    private static JsonObject Nothing(params string[] names) => new(names.Select(name => KeyValuePair.Create<string, JsonNode?>(name, null)));
}
