using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>A pod's spec is fixed when it is created, but for a few fields. Pure.</summary>
internal static class PodUpdateValidation
{
    private const string Message =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static IEnumerable<FieldError> Check(JsonObject pod, JsonObject old)
    {
        if (pod.Object("spec") is not { } spec || old.Object("spec") is not { } oldSpec)
        {
            return [FieldError.Required("spec")];
        }

        if (spec.Objects("containers").Count() != oldSpec.Objects("containers").Count())
        {
            return [FieldError.Forbidden("spec.containers", "pod updates may not add or remove containers")];
        }

        return [.. Tolerations(spec, oldSpec), .. SchedulingGates(spec, oldSpec), .. Rest(spec, oldSpec)];
    }

    private static IEnumerable<FieldError> Tolerations(JsonObject spec, JsonObject oldSpec) =>
        oldSpec.Objects("tolerations").All(kept => spec.Objects("tolerations").Any(present => JsonNode.DeepEquals(kept, present)))
            ? []
            : [FieldError.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];

    private static IEnumerable<FieldError> SchedulingGates(JsonObject spec, JsonObject oldSpec) =>
        spec.Objects("schedulingGates").All(present => oldSpec.Objects("schedulingGates").Any(kept => JsonNode.DeepEquals(kept, present)))
            ? []
            : [FieldError.Forbidden("spec.schedulingGates", "only deletion is allowed, but found new scheduling gate")];

    private static IEnumerable<FieldError> Rest(JsonObject spec, JsonObject oldSpec) =>
        JsonNode.DeepEquals(Fixed(spec), Fixed(oldSpec)) ? [] : [FieldError.Forbidden("spec", Message)];

    private static JsonObject Fixed(JsonObject spec)
    {
        var copy = spec.DeepClone().AsObject();
        foreach (var changeable in (string[])["activeDeadlineSeconds", "tolerations", "schedulingGates"])
        {
            copy.Remove(changeable);
        }

        foreach (var container in copy.Objects("containers").Concat(copy.Objects("initContainers")))
        {
            container.Remove("image");
        }

        return copy;
    }
}
