using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>
/// Apply as <c>kubectl apply</c> does it: the manifest is kept in an annotation of the object, so that the next apply, by either tool, knows
/// which fields the manifest no longer has. Works with every server; not all serve server-side apply.
/// </summary>
internal static class LastApplied
{
    public const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The manifest with itself in the annotation: what is sent to create the object.</summary>
    public static JsonObject Recorded(JsonObject manifest)
    {
        var plain = manifest.DeepClone().AsObject();
        (plain["metadata"]?["annotations"] as JsonObject)?.Remove(Annotation);
        var recorded = plain.DeepClone().AsObject();
        Member(Member(recorded, "metadata"), "annotations")[Annotation] = plain.ToJsonString();
        return recorded;
    }

    /// <summary>The merge patch that gives the object what the manifest says, and takes away what only the manifest before said.</summary>
    public static JsonObject Patch(JsonObject manifest, JsonObject live)
    {
        var patch = Recorded(manifest);
        if ((string?)live["metadata"]?["annotations"]?[Annotation] is { } before)
        {
            TakeAway(JsonNode.Parse(before)!.AsObject(), patch);
        }

        return patch;
    }

    private static void TakeAway(JsonObject before, JsonObject patch)
    {
        foreach (var (name, old) in before)
        {
            if (!patch.TryGetPropertyValue(name, out var now))
            {
                patch[name] = null;
            }
            else if (old is JsonObject oldMembers && now is JsonObject members)
            {
                TakeAway(oldMembers, members);
            }
        }
    }

    private static JsonObject Member(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject member)
        {
            parent[name] = member = [];
        }

        return member;
    }
}
