using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using static Kubeflow.Orleans.Grains.Training.TrainJob.Plan.ContainerEditing;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>JAX: one process a node, the first coordinates.</summary>
internal sealed class JaxPolicy : ITrainerPolicy
{
    public string Field => "jax";

    public IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime) => [];

    public void Apply(TrainJobPlan plan)
    {
        if (plan.TrainerContainer is not { } container)
        {
            return;
        }

        container.OpenPort();

        // As upstream: a job that says nothing of its trainer runs the runtime's container as it is.
        if (plan.Job.Trainer is not null)
        {
            container.SetEnvironment(
            [
                Variable("JAX_NUM_PROCESSES", plan.Trainer!.Nodes),
                IndexVariable("JAX_PROCESS_ID"),
                Variable("JAX_COORDINATOR_ADDRESS", $"{plan.HeadHost}:{TrainerApi.Port}"),
            ]);
        }
    }
}
