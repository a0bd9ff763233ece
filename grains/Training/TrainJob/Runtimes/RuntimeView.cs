using System.Collections.Immutable;
using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>A typed view over a runtime's document.</summary>
internal sealed class RuntimeView(JsonElement document)
{
    /// <summary>Pod group policies.</summary>
    public const string Coscheduling = "coscheduling";
    public const string Volcano = "volcano";

    public string Name { get; } = document.Get("metadata").Text("name") ?? "";

    public JsonElement MLPolicy { get; } = document.Get("spec", "mlPolicy");

    /// <summary>Pods are to start together, as one group of a scheduler.</summary>
    public JsonElement PodGroupPolicy { get; } = document.Get("spec", "podGroupPolicy");

    /// <summary>The template of the job set: metadata and spec.</summary>
    public JsonElement Template { get; } = document.Get("spec", "template");

    public ImmutableArray<ReplicatedJobView> Jobs { get; } = [.. document.Get("spec", "template", "spec").Items("replicatedJobs").Select(job => new ReplicatedJobView(job))];

    /// <summary>How long the pods of a finished job stay; null: as long as the job.</summary>
    public TimeSpan? TimeToLiveAfterFinished => Template.Get("spec").Integer("ttlSecondsAfterFinished") is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue)) : null;

    public bool IsDeprecated => document.Get("metadata", "labels").Text(TrainerApi.SupportLabel) == "deprecated";

    public bool IsValidated => document.Get("metadata", "labels").Text(TrainerApi.ValidationLabel) != "disabled";

    public bool Has(string policy) => MLPolicy.Get(policy).IsPresent();

    public ReplicatedJobView? Job(string name) => Jobs.FirstOrDefault(job => job.Name == name);

    public ReplicatedJobView? Step(string step) => Jobs.FirstOrDefault(job => job.Step == step);
}

/// <summary>One replicated job of a runtime's template.</summary>
internal sealed class ReplicatedJobView(JsonElement job)
{
    public string Name { get; } = job.Text("name") ?? "";

    /// <summary>What it does for a TrainJob; empty: nothing that TrainJobs know of.</summary>
    public string Step { get; } = job.Get("template", "metadata", "labels").Text(TrainerApi.StepLabel) ?? "";

    public long Replicas { get; } = job.Integer("replicas") ?? 1;

    /// <summary>What Kubernetes' own job would have as its spec.</summary>
    public JsonElement JobSpec { get; } = job.Get("template", "spec");

    /// <summary>The pod template.</summary>
    public JsonElement Pod { get; } = job.Get("template", "spec", "template");

    public IEnumerable<JsonElement> Containers => Pod.Get("spec").Items("containers");

    public IEnumerable<JsonElement> InitContainers => Pod.Get("spec").Items("initContainers");

    public bool HasContainer(string name) => Containers.Any(container => container.Text("name") == name);

    public bool HasInitContainer(string name) => InitContainers.Any(container => container.Text("name") == name);

    /// <summary>The container that does a step: the node trains, initializers are named after their step.</summary>
    public static string ContainerOf(string step) => step == TrainerApi.Trainer ? TrainerApi.Node : step;
}
