using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>The rules of runtimes beyond the schema.</summary>
internal static class RuntimeValidation
{
    private const string TemplatePath = "spec.template.spec";

    private static readonly string[] Policies = ["torch", "mpi", "jax", "xgboost", "flux"];
    private static readonly string[] Steps = [TrainerApi.Trainer, TrainerApi.DatasetInitializer, TrainerApi.ModelInitializer];
    private static readonly string[] ImmutableFields = ["failurePolicy", "network", "startupPolicy", "successPolicy", "volumeClaimPolicies"];

    public static IEnumerable<FieldError> Validate(JsonElement document, JsonElement? old)
    {
        var runtime = new RuntimeView(document);
        return
        [
            .. ValidatePolicies(runtime),
            .. ValidateTemplate(runtime.Template.Get("spec")),
            .. runtime.Jobs.SelectMany(ValidatePods),
            .. runtime.Jobs.SelectMany(ValidateIndexes),
            .. runtime.IsValidated ? runtime.Jobs.SelectMany(ValidateSteps) : [],
            .. old is { } before ? ValidateUpdate(runtime.Template.Get("spec"), before.Get("spec", "template", "spec")) : [],
        ];
    }

    private static IEnumerable<FieldError> ValidatePolicies(RuntimeView runtime)
    {
        if (Policies.Count(runtime.Has) > 1)
        {
            yield return FieldError.Invalid("spec.mlPolicy", "\"object\"", "Only one of the policy can be configured");
        }

        if (runtime.MLPolicy.Integer("numNodes") is { } nodes and (< 0 or > TrainerApi.MaximumNodes))
        {
            yield return FieldError.Invalid("spec.mlPolicy.numNodes", $"{nodes}", $"must be between 0 and {TrainerApi.MaximumNodes}");
        }

        foreach (var policy in ((string[])["mpi", "flux"]).Where(policy => runtime.MLPolicy.Get(policy).Integer("numProcPerNode") < 1))
        {
            yield return FieldError.Invalid($"spec.mlPolicy.{policy}.numProcPerNode", TrainingValidation.Json(runtime.MLPolicy.Get(policy, "numProcPerNode")), $"NumProcPerNode in {policy}Policy must be >= 1");
        }

        if (runtime.MLPolicy.Get("torch", "envInjection").Items("targets").Any(target => target.Items("containerNames").Any(name => name.GetString() == TrainerApi.Node)))
        {
            yield return FieldError.Invalid(
                "spec.mlPolicy.torch.envInjection.targets", "\"array\"", "containerNames must not include the main node container because PET_* envs are always injected into it");
        }
    }

    private static IEnumerable<FieldError> ValidateTemplate(JsonElement jobSet)
    {
        if (jobSet.Get("startupPolicy").Text("startupPolicyOrder") == "InOrder" && jobSet.Items("replicatedJobs").Any(job => job.Get("dependsOn").IsPresent()))
        {
            yield return FieldError.Invalid(TemplatePath, "\"object\"", "StartupPolicy and DependsOn APIs are mutually exclusive");
        }

        if (jobSet.Items("volumeClaimPolicies").SelectMany(policy => policy.Items("templates")).Any(template => template.Get("metadata").Text("namespace") is { Length: > 0 }))
        {
            yield return FieldError.Invalid($"{TemplatePath}.volumeClaimPolicies", "\"array\"", "namespace cannot be set for VolumeClaimPolicies templates");
        }

        if (TrainingValidation.Unreadable<List<ClaimPolicy>>(jobSet.Get("volumeClaimPolicies")) is { } reason)
        {
            yield return FieldError.Invalid($"{TemplatePath}.volumeClaimPolicies", "\"array\"", $"is no list of claims: {reason}");
        }

        var before = new HashSet<string>(StringComparer.Ordinal);
        foreach (var job in jobSet.Items("replicatedJobs"))
        {
            // What waits for a later job, or for itself, would wait for ever.
            foreach (var dependency in job.Items("dependsOn").Select(dependency => dependency.Text("name") ?? "").Where(name => !before.Contains(name)))
            {
                yield return FieldError.Invalid($"{TemplatePath}.replicatedJobs", $"\"{dependency}\"", $"replicatedJob: {job.Text("name")} cannot depend on replicatedJob: {dependency}");
            }

            before.Add(job.Text("name") ?? "");
        }
    }

    private static IEnumerable<FieldError> ValidatePods(ReplicatedJobView job, int index)
    {
        var path = $"{TemplatePath}.replicatedJobs[{index}]";
        if (job.Replicas is < 0 or > TrainerApi.MaximumNodes)
        {
            yield return FieldError.Invalid($"{path}.replicas", $"{job.Replicas}", $"must be between 0 and {TrainerApi.MaximumNodes}");
        }

        if (TrainingValidation.Unreadable<V1PodTemplateSpec>(job.Pod) is { } reason)
        {
            yield return FieldError.Invalid($"{path}.template.spec.template", "\"object\"", $"is no pod template: {reason}");
        }
    }

    /// <summary>As Kubernetes has it for indexed jobs.</summary>
    private static IEnumerable<FieldError> ValidateIndexes(ReplicatedJobView job, int index)
    {
        var path = $"{TemplatePath}.replicatedJobs[{index}].template.spec";
        foreach (var field in ((string[])["backoffLimitPerIndex", "maxFailedIndexes"]).Where(field => job.JobSpec.Integer(field) < 0))
        {
            yield return FieldError.Invalid($"{path}.{field}", $"{job.JobSpec.Integer(field)}", "must be greater than or equal to 0");
        }

        if (job.JobSpec.Get("backoffLimitPerIndex").IsPresent())
        {
            if (job.Pod.Get("spec").Text("restartPolicy") is { Length: > 0 } and not "Never")
            {
                yield return FieldError.Invalid($"{path}.template.spec.restartPolicy", TrainingValidation.Json(job.Pod.Get("spec", "restartPolicy")), "must be Never when backoffLimitPerIndex is specified");
            }
        }
        else
        {
            if (job.JobSpec.Get("maxFailedIndexes").IsPresent())
            {
                yield return FieldError.Required($"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified");
            }

            if (job.JobSpec.Get("podFailurePolicy").Items("rules").Any(rule => rule.Text("action") == "FailIndex"))
            {
                yield return FieldError.Invalid($"{path}.podFailurePolicy.rules", "\"FailIndex\"", "requires the backoffLimitPerIndex to be set");
            }
        }

        foreach (var rule in job.JobSpec.Get("successPolicy").Items("rules"))
        {
            if (rule.Text("succeededIndexes") is { } indexes && IndexPolicies.ReadRanges(indexes) is null)
            {
                yield return FieldError.Invalid($"{path}.successPolicy.rules", $"\"{indexes}\"", "error parsing succeededIndexes");
            }
            else if (!rule.Get("succeededIndexes").IsPresent() && !rule.Get("succeededCount").IsPresent())
            {
                yield return FieldError.Required($"{path}.successPolicy.rules", "at least one of succeededCount or succeededIndexes must be specified");
            }
        }
    }

    private static IEnumerable<FieldError> ValidateSteps(ReplicatedJobView job, int index)
    {
        if (!Steps.Contains(job.Step))
        {
            yield break;
        }

        var path = $"{TemplatePath}.replicatedJobs[{index}]";
        if (job.Replicas != 1)
        {
            yield return FieldError.Invalid($"{path}.replicas", $"{job.Replicas}", "always must be 1");
        }

        if (!job.HasContainer(ReplicatedJobView.ContainerOf(job.Step)))
        {
            yield return FieldError.Invalid(
                $"{path}.template.spec.template.spec.containers", TrainingValidation.Json(job.Pod.Get("spec", "containers")), $"must contain the required container for the ancestor: {job.Step}");
        }
    }

    private static IEnumerable<FieldError> ValidateUpdate(JsonElement jobSet, JsonElement old)
    {
        var fixedFields = ImmutableFields.Select(field => (Path: $"{TemplatePath}.{field}", Now: jobSet.Get(field), Before: old.Get(field)));
        var dependencies = jobSet.Items("replicatedJobs").SelectMany((job, index) => old.Items("replicatedJobs")
            .Where(before => before.Text("name") == job.Text("name"))
            .Select(before => (Path: $"{TemplatePath}.replicatedJobs[{index}].dependsOn", Now: job.Get("dependsOn"), Before: before.Get("dependsOn"))));
        return fixedFields.Concat(dependencies)
            .Where(field => field.Now.IsPresent() && field.Before.IsPresent() && !JsonElement.DeepEquals(field.Now, field.Before))
            .Select(field => FieldError.Invalid(field.Path, TrainingValidation.Json(field.Now), "Value is immutable"));
    }
}
