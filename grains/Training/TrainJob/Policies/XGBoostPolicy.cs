using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using static Kubeflow.Orleans.Grains.Training.TrainJob.Plan.ContainerEditing;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>XGBoost: the first node tracks the workers, of which there is one for each graphics processor.</summary>
internal sealed class XGBoostPolicy : ITrainerPolicy
{
    private static readonly string[] Reserved = ["DMLC_TRACKER_URI", "DMLC_TRACKER_PORT", "DMLC_TASK_ID", "DMLC_NUM_WORKER"];

    public string Field => "xgboost";

    public IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime) => (job.Trainer?.Env ?? [])
        .Select((variable, index) => (variable.Name, index))
        .Where(variable => Reserved.Contains(variable.Name))
        .Select(variable => FieldError.Forbidden($"spec.trainer.env[{variable.index}]", $"{variable.Name} is reserved for the XGBoost runtime"));

    public void Apply(TrainJobPlan plan)
    {
        if (plan.TrainerContainer is not { } container)
        {
            return;
        }

        container.OpenPort();
        if (plan.Job.Trainer is not null)
        {
            container.SetEnvironment(
            [
                Variable("DMLC_TRACKER_URI", plan.HeadHost),
                Variable("DMLC_TRACKER_PORT", TrainerApi.Port),
                IndexVariable("DMLC_TASK_ID"),
                Variable("DMLC_NUM_WORKER", plan.Trainer!.Nodes * Math.Max(1, NodeResources.Gpus(container.Resources))),
            ]);
        }
    }
}
