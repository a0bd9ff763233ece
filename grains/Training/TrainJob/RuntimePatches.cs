using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Patches;
using Kubeflow.Orleans.Core.Schemas;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>What managers (users, queueing systems, SDKs) change of a runtime for one job, each in a patch of its own.</summary>
internal static partial class RuntimePatches
{
    private const string Path = "spec.runtimePatches";

    private static readonly string[] ImmutablePodFields =
        ["containers", "imagePullSecrets", "initContainers", "securityContext", "serviceAccountName", "terminationGracePeriodSeconds", "volumes"];

    private static readonly Schema Template = Schema.Object(("metadata", RuntimeSchema.Metadata), ("spec", RuntimeSchema.JobSetSpec));

    /// <summary>The runtime's template with the patches merged in, in their order; the jobs keep the runtime's.</summary>
    public static JsonElement Apply(JsonElement template, IEnumerable<JsonElement> patches)
    {
        var merged = JsonObject.Create(template.Clone()) ?? [];
        var order = Names(merged);
        foreach (var patch in patches.Select(patch => patch.Get("trainingRuntimeSpec", "template")).Where(patch => patch.IsPresent()))
        {
            merged = StrategicMergePatch.Apply(merged, JsonObject.Create(patch.Clone())!, Template);
        }

        if (merged["spec"]?["replicatedJobs"] is JsonArray jobs)
        {
            merged["spec"]!["replicatedJobs"] = new JsonArray([.. jobs.OrderBy(job => order.IndexOf(NameOf(job))).Select(job => job?.DeepClone())]);
        }

        return JsonSerializer.SerializeToElement(merged);
    }

    /// <summary>A patch carries the time it was last changed; one that stays keeps its time.</summary>
    public static void SetTimes(JsonObject document, JsonObject? old, DateTimeOffset now)
    {
        var before = (old?["spec"]?["runtimePatches"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        foreach (var patch in (document["spec"] as JsonObject)?["runtimePatches"] is JsonArray patches ? patches.OfType<JsonObject>() : [])
        {
            var known = before.Find(earlier => JsonNode.DeepEquals(earlier["manager"], patch["manager"]));
            if (known is not null && JsonNode.DeepEquals(known["trainingRuntimeSpec"], patch["trainingRuntimeSpec"]) && known["time"] is { } time)
            {
                patch["time"] = time.DeepClone();
            }
            else if (known is not null || patch["time"] is null)
            {
                patch["time"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            }
        }
    }

    public static IEnumerable<FieldError> Validate(JsonElement spec) => spec.Items("runtimePatches")
        .Select((patch, index) => (Manager: patch.Text("manager") ?? "", index))
        .Where(patch => !DomainPath().IsMatch(patch.Manager))
        .Select(patch => FieldError.Invalid($"{Path}[{patch.index}].manager", JsonSerializer.Serialize(patch.Manager), "must be a domain-prefixed path (such as \"acme.io/foo\")"));

    /// <param name="old">The whole document before.</param>
    public static IEnumerable<FieldError> ValidateUpdate(JsonElement spec, JsonElement old)
    {
        var (patches, before) = (spec.Get("runtimePatches"), old.Get("spec", "runtimePatches"));
        if (patches.IsPresent() == before.IsPresent() && (!patches.IsPresent() || JsonElement.DeepEquals(patches, before)))
        {
            yield break;
        }

        if (!spec.Flag("suspend") && !old.Get("spec").Flag("suspend"))
        {
            yield return FieldError.Forbidden(Path, "RuntimePatches can only be modified when the TrainJob is suspended before or after the update");
        }

        foreach (var active in old.Get("status").Items("jobsStatus").Where(job => job.Integer("active") > 0))
        {
            yield return FieldError.Forbidden(Path, $"RuntimePatches cannot be modified when the JobSet's ReplicatedJob {active.Text("name")} is still active");
        }

        foreach (var error in ValidateImmutableFields(patches, before))
        {
            yield return error;
        }
    }

    private static IEnumerable<FieldError> ValidateImmutableFields(JsonElement patches, JsonElement before)
    {
        var earlier = PodPatches(before).ToDictionary(pod => pod.Place, pod => pod.Spec);
        return from pod in PodPatches(patches)
               where earlier.ContainsKey(pod.Place)
               from field in ImmutablePodFields
               let now = pod.Spec.Get(field)
               let then = earlier[pod.Place].Get(field)
               where now.IsPresent() && then.IsPresent() && !JsonElement.DeepEquals(now, then)
               select FieldError.Invalid($"{Path}[{pod.Place.Manager}].trainingRuntimeSpec.template.spec.replicatedJobs[{pod.Place.Job}].template.spec.template.spec.{field}", TrainingValidation.Json(now), "field is immutable");
    }

    private static IEnumerable<((string Manager, string Job) Place, JsonElement Spec)> PodPatches(JsonElement patches) =>
        from patch in patches.ValueKind == JsonValueKind.Array ? patches.EnumerateArray() : Enumerable.Empty<JsonElement>()
        from job in patch.Get("trainingRuntimeSpec", "template", "spec").Items("replicatedJobs")
        select ((patch.Text("manager") ?? "", job.Text("name") ?? ""), job.Get("template", "spec", "template", "spec"));

    private static List<string> Names(JsonObject template) => [.. (template["spec"]?["replicatedJobs"] as JsonArray ?? []).Select(NameOf)];

    private static string NameOf(JsonNode? job) => job?["name"]?.ToString() ?? "";

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DomainPath();
}
