using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Policies;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>The rules between a TrainJob and its runtime.</summary>
internal static class RuntimeRules
{
    private const string RuntimePath = "spec.runtimeRef";
    private const string PatchesPath = "spec.runtimePatches";
    private const int LongestPodName = 63;

    /// <summary>Length of what makes a pod's name unique: a dash and five characters.</summary>
    private const int SuffixLength = 6;

    private static readonly string[] OwnContainers = [TrainerApi.Node, TrainerApi.DatasetInitializer, TrainerApi.ModelInitializer];

    public static IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView? runtime)
    {
        if (job.RuntimeKey is not { } key)
        {
            return [FieldError.Invalid(RuntimePath, Quote(job.RuntimeName), $"unsupported runtime: {job.RuntimeType}")];
        }

        if (runtime is null)
        {
            var resource = job.RefersToClusterRuntime ? "clusterTrainingRuntime" : "trainingRuntime";
            return [FieldError.Invalid(RuntimePath, Quote(job.RuntimeName), $"{key.Resource} {Quote(job.RuntimeName)} not found: specified {resource} must be created before the TrainJob is created")];
        }

        if (runtime.Has("flux"))
        {
            return [FieldError.Invalid(RuntimePath, Quote(job.RuntimeName), "the flux policy is not supported: its jobs would run without Flux")];
        }

        IReadOnlyList<FieldError> errors =
        [
            .. ValidateInitializer(job, runtime, TrainerApi.DatasetInitializer, "datasetConfig"),
            .. ValidateInitializer(job, runtime, TrainerApi.ModelInitializer, "modelConfig"),
            .. ValidatePatches(job, runtime),
            .. TrainerPolicies.Of(runtime).Validate(job, runtime),
        ];
        return errors.Count > 0 ? errors : ValidatePlan(job, runtime);
    }

    private static IEnumerable<FieldError> ValidateInitializer(TrainJobSpec job, RuntimeView runtime, string step, string configuration)
    {
        if (!job.Initializer(step).IsPresent())
        {
            return [];
        }

        if (runtime.Step(step) is not { } initializer)
        {
            return [Refused($"must have {step} job when trainJob is configured with input {configuration}")];
        }

        var container = initializer.Containers.FirstOrDefault(container => container.Text("name") == step);
        if (!container.IsPresent())
        {
            return [Refused($"must have container with name - {step} in the {step} job")];
        }

        return container.Items("volumeMounts").Any(mount => mount.Text("name") == TrainerApi.InitializerVolume)
            ? []
            : [Refused($"must have volumeMount with name - {TrainerApi.InitializerVolume} in container {step} of the {step} job")];

        FieldError Refused(string message) => FieldError.Invalid(RuntimePath, Quote(job.RuntimeName), message);
    }

    private static IEnumerable<FieldError> ValidatePatches(TrainJobSpec job, RuntimeView runtime)
    {
        foreach (var patch in job.Patches.SelectMany(patch => patch.Get("trainingRuntimeSpec", "template", "spec").Items("replicatedJobs")))
        {
            var name = patch.Text("name") ?? "";
            if (runtime.Job(name) is not { } patched)
            {
                yield return FieldError.Invalid(PatchesPath, Quote(name), "must not have replicated job that doesn't exist in the runtime job template");
                continue;
            }

            var pod = patch.Get("template", "spec", "template", "spec");
            if (pod.Items("initContainers").Any(container => !patched.HasInitContainer(container.Text("name") ?? "")))
            {
                yield return FieldError.Invalid(PatchesPath, Quote(name), $"must not have initContainer that doesn't exist in the runtime job {name}");
            }

            if (pod.Items("containers").Any(container => !patched.HasContainer(container.Text("name") ?? "")))
            {
                yield return FieldError.Invalid(PatchesPath, Quote(name), $"must not have container that doesn't exist in the runtime job {name}");
            }

            if (pod.Items("containers").Any(container => OwnContainers.Contains(container.Text("name")) && container.Items("env").Any()))
            {
                yield return FieldError.Invalid(PatchesPath, Quote(name), "must not have envs for the dataset-initializer, model-initializer, node containers");
            }
        }
    }

    /// <summary>The pods that would result can be made, and have names that are short enough.</summary>
    private static IEnumerable<FieldError> ValidatePlan(TrainJobSpec job, RuntimeView runtime)
    {
        TrainJobPlan plan;
        try
        {
            plan = TrainJobPlan.Build(job, runtime);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return [FieldError.Invalid(PatchesPath, "\"array\"", $"no pods can be made with the runtime {Quote(runtime.Name)}: {unreadable.Message}")];
        }

        return
        [
            .. ValidateNames(plan),
            .. plan.Gang is { Scheduler.IsVolcano: true } && plan.Metadata.Annotations?.TryGetValue(GangPlan.QueueAnnotation, out var queue) == true && queue.Length == 0
                ? [FieldError.Invalid($"spec.annotations[{GangPlan.QueueAnnotation}]", "\"\"", "Volcano queue name must not be empty")]
                : Array.Empty<FieldError>(),
        ];
    }

    private static IEnumerable<FieldError> ValidateNames(TrainJobPlan plan) => plan.Jobs
        .Where(replicated => replicated.Replicas > 0)
        .Select(replicated => $"{plan.ChildName(replicated, replicated.Replicas - 1)}-{Math.Max(0, replicated.Nodes - 1)}")
        .Where(name => name.Length + SuffixLength > LongestPodName)
        .Take(1)
        .Select(name => FieldError.Invalid("metadata.name", Quote(plan.Job.Name), "JobSet name is too long, pod names generated for this JobSet will exceed 63 characters"));

    private static string Quote(string text) => JsonSerializer.Serialize(text);
}
