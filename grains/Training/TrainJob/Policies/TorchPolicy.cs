using System.Globalization;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using static Kubeflow.Orleans.Grains.Training.TrainJob.Plan.ContainerEditing;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>PyTorch: torchrun on every node reads who it is and where the first node waits; TorchTune gets it as arguments.</summary>
internal sealed class TorchPolicy : ITrainerPolicy
{
    private const string Auto = "auto";

    private static readonly string[] Reserved = ["PET_NNODES", "PET_NPROC_PER_NODE", "PET_NODE_RANK", "PET_MASTER_ADDR", "PET_MASTER_PORT"];

    public string Field => "torch";

    public IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime) =>
    [
        .. TrainerPolicies.ReservedVariables(job, Reserved),
        .. Targets(runtime)
            .Where(target => runtime.Job(target.Job) is not { } named || !(named.HasContainer(target.Container) || named.HasInitContainer(target.Container)))
            .Select(target => FieldError.Invalid(
                "spec.runtimeRef", $"\"{runtime.Name}\"", $"envInjection target podSet \"{target.Job}\" container \"{target.Container}\" not found in runtime template")),
        .. TorchTune.Runs(job) ? TorchTune.Validate(job, runtime) : [],
    ];

    public void Apply(TrainJobPlan plan)
    {
        if (plan.TrainerContainer is not { } container)
        {
            return;
        }

        container.OpenPort();
        if (plan.Job.Trainer is not { } trainer)
        {
            return;
        }

        // What the job asks for replaces what the runtime does, also where it asks for less.
        var processes = Processes(trainer, trainer.ResourcesPerNode ?? container.Resources);
        if (TorchTune.Runs(plan.Job))
        {
            container.SetEnvironment(Environment(plan, processes).Where(variable => !variable.Name.StartsWith("PET_MASTER", StringComparison.Ordinal)));
            TorchTune.Apply(plan, container, processes);
            return;
        }

        container.SetEnvironment(Environment(plan, processes));
        foreach (var target in Targets(plan.Runtime))
        {
            var job = plan.Find(target.Job);
            (job?.Container(target.Container) ?? job?.InitContainer(target.Container))?.SetEnvironment(Environment(plan, processes));
        }
    }

    /// <summary>Processes of one node: what is asked for, else one for each graphics processor, else one for each core.</summary>
    private static string Processes(TrainerSpec trainer, V1ResourceRequirements? resources)
    {
        if (trainer.NumProcPerNode is { } given)
        {
            return given.ToString(CultureInfo.InvariantCulture);
        }

        return NodeResources.Gpus(resources) > 0 ? Auto : Math.Max(1, NodeResources.Cores(resources)).ToString(CultureInfo.InvariantCulture);
    }

    private static IEnumerable<V1EnvVar> Environment(TrainJobPlan plan, string processes) =>
    [
        Variable("PET_NNODES", plan.Trainer!.Nodes),
        Variable("PET_NPROC_PER_NODE", processes),
        IndexVariable("PET_NODE_RANK"),
        Variable("PET_MASTER_ADDR", plan.HeadHost),
        Variable("PET_MASTER_PORT", TrainerApi.Port),
    ];

    private static IEnumerable<(string Job, string Container)> Targets(RuntimeView runtime) =>
        from target in runtime.MLPolicy.Get("torch", "envInjection").Items("targets")
        from container in target.Items("containerNames")
        select (target.Text("jobName") ?? "", container.GetString() ?? "");
}
