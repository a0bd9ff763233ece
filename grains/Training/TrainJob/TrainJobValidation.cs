using System.Text.Json;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>The rules of TrainJobs by themselves; those between a job and its runtime stand in <see cref="RuntimeRules"/>.</summary>
internal static partial class TrainJobValidation
{
    private const int LongestName = 63;
    private const string Immutable = "field is immutable";
    private const string MultiKueue = "kueue.x-k8s.io/multikueue";

    private static readonly string[] ImmutableFields = ["activeDeadlineSeconds", "initializer", "managedBy", "runtimeRef", "trainer"];

    public static IEnumerable<FieldError> Validate(JsonElement document, JsonElement? old)
    {
        var spec = document.Get("spec");
        return
        [
            .. ValidateName(document.Get("metadata").Text("name") ?? ""),
            .. ValidateSpec(spec),
            .. RuntimePatches.Validate(spec),
            .. old is { } before ? [.. ValidateUpdate(spec, before.Get("spec")), .. RuntimePatches.ValidateUpdate(spec, before)] : Array.Empty<FieldError>(),
            .. ValidateStatus(document.Get("status")),
        ];
    }

    private static IEnumerable<FieldError> ValidateName(string name)
    {
        if (!Label().IsMatch(name))
        {
            yield return FieldError.Invalid("metadata.name", JsonSerializer.Serialize(name), "metadata.name must match RFC 1035 DNS label format");
        }

        if (name.Length > LongestName)
        {
            yield return FieldError.Invalid("metadata.name", JsonSerializer.Serialize(name), "metadata.name must be no more than 63 characters");
        }
    }

    private static IEnumerable<FieldError> ValidateSpec(JsonElement spec)
    {
        foreach (var part in (string[])["dataset", "model"])
        {
            if (spec.Get("initializer", part).Text("storageUri") is { Length: > 0 } uri && !StorageUri().IsMatch(uri))
            {
                yield return FieldError.Invalid($"spec.initializer.{part}.storageUri", JsonSerializer.Serialize(uri), "storageUri may be empty, or it must be a valid URI (scheme://...)");
            }
        }

        var trainer = spec.Get("trainer");
        if (trainer.Integer("numProcPerNode") < 1)
        {
            yield return FieldError.Invalid("spec.trainer.numProcPerNode", TrainingValidation.Json(trainer.Get("numProcPerNode")), "numProcPerNode must be greater than or equal to 1");
        }

        if (trainer.Integer("numNodes") > TrainerApi.MaximumNodes)
        {
            yield return FieldError.Invalid("spec.trainer.numNodes", TrainingValidation.Json(trainer.Get("numNodes")), $"must be between 0 and {TrainerApi.MaximumNodes}");
        }

        if (TrainingValidation.Unreadable<TrainerSpec>(trainer) is { } reason)
        {
            yield return FieldError.Invalid("spec.trainer", "\"object\"", $"is no trainer: {reason}");
        }

        if (spec.Get("managedBy") is { ValueKind: JsonValueKind.String } manager && manager.GetString() is not (TrainerApi.Ours or MultiKueue))
        {
            yield return FieldError.Invalid("spec.managedBy", TrainingValidation.Json(manager), $"ManagedBy must be {TrainerApi.Ours} or {MultiKueue} if set");
        }
    }

    private static IEnumerable<FieldError> ValidateUpdate(JsonElement spec, JsonElement old) => ImmutableFields
        .Select(name => (Name: name, Now: spec.Get(name), Before: old.Get(name)))
        .Where(field => field.Now.IsPresent() && field.Before.IsPresent() && !JsonElement.DeepEquals(field.Now, field.Before))
        .Select(field => FieldError.Invalid($"spec.{field.Name}", TrainingValidation.Json(field.Now), Immutable));

    private static IEnumerable<FieldError> ValidateStatus(JsonElement status) => status.Get("trainerStatus").IsPresent() && !status.Get("trainerStatus", "lastUpdatedTime").IsPresent()
        ? [FieldError.Invalid("status.trainerStatus", "\"object\"", "lastUpdatedTime is required when trainerStatus is present")]
        : [];

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://.+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex StorageUri();
}
