using System.Text.Json;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>What the TrainJob itself says of its trainer and its initializers.</summary>
internal static class TrainerOverrides
{
    public static void Apply(TrainJobPlan plan)
    {
        if (plan.TrainerContainer is { } container && plan.Job.Trainer is { } trainer)
        {
            container.Image = trainer.Image ?? container.Image;
            container.Command = trainer.Command ?? container.Command;
            container.Args = trainer.Args ?? container.Args;
            container.Resources = trainer.ResourcesPerNode is { } given ? NodeResources.Merge(container.Resources, given) : container.Resources;
        }

        foreach (var job in plan.Jobs.Where(job => job.Step is TrainerApi.DatasetInitializer or TrainerApi.ModelInitializer))
        {
            Initialize(job, plan.Job.Initializer(job.Step));
        }
    }

    /// <summary>The author's variables come last and win.</summary>
    public static void ApplyEnvironment(TrainJobPlan plan) => plan.TrainerContainer?.SetEnvironment(plan.Job.Trainer?.Env ?? []);

    private static void Initialize(ReplicatedJob job, JsonElement initializer)
    {
        job.Replicas = 1;
        if (!initializer.IsPresent() || job.Container(job.Step) is not { } container)
        {
            return;
        }

        if (initializer.Text("storageUri") is { } uri)
        {
            container.SetEnvironment([ContainerEditing.Variable("STORAGE_URI", uri)]);
        }

        if (initializer.Get("env") is var variables && variables.IsPresent())
        {
            container.SetEnvironment(KubernetesJson.Deserialize<List<V1EnvVar>>(variables.GetRawText()));
        }

        if (initializer.Get("secretRef").Text("name") is { Length: > 0 } secret)
        {
            container.EnvFrom = [.. container.EnvFrom ?? [], new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = secret } }];
        }
    }
}
