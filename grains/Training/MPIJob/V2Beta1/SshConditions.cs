namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>How the conditions of MPIJob v2beta1 change: as those of other jobs, but Failed is not for ever, a later success takes it back.</summary>
internal static class SshConditions
{
    public static JobConditions Set(JobConditions conditions, JobCondition condition)
    {
        var current = conditions.Find(condition.Type);
        if (current?.Status == condition.Status && current.Reason == condition.Reason)
        {
            return conditions;
        }

        var transition = current?.Status == condition.Status ? current.LastTransitionTime : condition.LastTransitionTime;
        return new([.. conditions.Items.Where(item => item.Type != condition.Type).Select(item => After(condition, item)), condition with { LastTransitionTime = transition }]);
    }

    private static JobCondition After(JobCondition set, JobCondition present) => (set.Type, present.Type) switch
    {
        (JobCondition.Succeeded or JobCondition.Failed, JobCondition.Running) => present with { Status = JobCondition.False },
        (JobCondition.Succeeded, JobCondition.Failed) => present with { Status = JobCondition.False },
        _ => present,
    };
}
