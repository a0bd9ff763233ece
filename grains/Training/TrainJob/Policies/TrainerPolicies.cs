using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>How the processes of one framework find each other.</summary>
internal interface ITrainerPolicy
{
    /// <summary>The field of <c>spec.mlPolicy</c> that chooses it.</summary>
    string Field { get; }

    /// <summary>What a job may not say with such a runtime.</summary>
    IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime);

    void Apply(TrainJobPlan plan);
}

internal static class TrainerPolicies
{
    private static readonly ITrainerPolicy Plain = new PlainPolicy();

    private static readonly ITrainerPolicy[] All = [new TorchPolicy(), new MPIPolicy(), new JaxPolicy(), new XGBoostPolicy()];

    public static ITrainerPolicy Of(RuntimeView runtime) => Array.Find(All, policy => runtime.Has(policy.Field)) ?? Plain;

    /// <summary>Variables the runtime answers for may not be set by the job.</summary>
    public static IEnumerable<FieldError> ReservedVariables(TrainJobSpec job, IReadOnlyCollection<string> reserved)
    {
        var set = (job.Trainer?.Env ?? []).Select(variable => variable.Name).Where(reserved.Contains).Order(StringComparer.Ordinal).ToList();
        return set.Count == 0 ? [] : [FieldError.Invalid("spec.trainer.env", "\"array\"", $"must not have reserved envs, invalid envs configured: [{string.Join(' ', set)}]")];
    }

    /// <summary>The nodes run side by side and know nothing of each other.</summary>
    private sealed class PlainPolicy : ITrainerPolicy
    {
        public string Field => "";

        public IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime) => [];

        public void Apply(TrainJobPlan plan)
        {
        }
    }
}
