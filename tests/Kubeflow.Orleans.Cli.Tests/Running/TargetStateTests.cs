using Kubeflow.Orleans.Cli.Running;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Running;

public sealed class TargetStateTests
{
    [Theory]
    [InlineData("", Verdict.Unfinished, "")]
    [InlineData("{type: Created, status: 'True'}, {type: Running, status: 'True'}", Verdict.Unfinished, "Running")]
    [InlineData("{type: Created, status: 'True'}, {type: Running, status: 'False'}, {type: Succeeded, status: 'True'}", Verdict.Succeeded, "Succeeded")]
    [InlineData("{type: Failed, status: 'True'}, {type: Created, status: 'True'}", Verdict.Failed, "Failed")]
    [InlineData("{type: Failed, status: 'False'}, {type: Suspended, status: 'True'}", Verdict.Unfinished, "Suspended")]
    [InlineData("{type: Complete, status: 'True'}", Verdict.Succeeded, "Complete")]
    public void A_job_is_where_its_conditions_say(string conditions, object verdict, string condition)
    {
        var target = TargetState.Read(Objects.Job(conditions));

        Assert.Equal(((Verdict)verdict, condition, "tfjob/digits"), (target.Verdict, target.Condition, target.Label));
    }

    [Theory]
    [InlineData("Running", Verdict.Unfinished)]
    [InlineData("Succeeded", Verdict.Succeeded)]
    [InlineData("Failed", Verdict.Failed)]
    public void A_pod_is_where_its_phase_says(string phase, object verdict) => Assert.Equal((Verdict)verdict, TargetState.Read(Objects.Pod($"{{phase: {phase}}}")).Verdict);

    [Theory]
    [InlineData("TFJob", true)]
    [InlineData("Job", true)]
    [InlineData("TrainJob", true)]
    [InlineData("Pod", true)]
    [InlineData("Deployment", false)]
    [InlineData("CronJobTemplate", false)]
    public void Pods_and_jobs_run_to_an_end(string kind, bool runs) => Assert.Equal(runs, TargetState.RunsToAnEnd(kind));
}
