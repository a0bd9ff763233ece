using System.Text.Json.Nodes;
using Kubeflow.Orleans.Cli.Running;
using Kubeflow.Orleans.Core;

namespace Kubeflow.Orleans.Cli.Manifests;

/// <summary>
/// Lets the pods of a manifest start in the manifest's folder, so that a script beside it is found. Says so on every pod template,
/// in whatever kind it stands: a template is a "template" with a spec that has containers. A job whose template stands elsewhere (in a
/// runtime it names) says so itself.
/// </summary>
internal static class WorkingDirectory
{
    public static void Annotate(JsonObject document, string folder)
    {
        var templates = Templates(document).ToList();
        if (IsPodSpec(document["spec"]) || (templates.Count == 0 && TargetState.RunsToAnEnd(document["kind"]?.ToString() ?? "")))
        {
            Set(document, folder);
        }

        foreach (var template in templates)
        {
            Set(template, folder);
        }
    }

    private static IEnumerable<JsonObject> Templates(JsonNode? node) => node switch
    {
        JsonObject mapping => mapping.SelectMany(entry => entry is { Key: "template", Value: JsonObject template } && IsPodSpec(template["spec"])
            ? [template]
            : Templates(entry.Value)),
        JsonArray sequence => sequence.SelectMany(Templates),
        _ => [],
    };

    private static bool IsPodSpec(JsonNode? spec) => spec is JsonObject && spec["containers"] is JsonArray;

    private static void Set(JsonObject podLike, string folder)
    {
        var annotations = Child(Child(podLike, "metadata"), "annotations");
        annotations.TryAdd(WellKnown.WorkingDirectoryAnnotation, folder);
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }
}
