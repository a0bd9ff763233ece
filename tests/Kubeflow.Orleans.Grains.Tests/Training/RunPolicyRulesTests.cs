using System.Text.Json;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class RunPolicyRulesTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(127, false)]
    [InlineData(128, true)]
    [InlineData(130, true)]
    [InlineData(137, true)]
    [InlineData(138, true)]
    [InlineData(143, true)]
    [InlineData(255, true)]
    [InlineData(ExitCodes.None, true)]
    public void Exit_code_is_retryable_from_128_on(int exitCode, bool retryable) => Assert.Equal(retryable, ExitCodes.IsRetryable(exitCode));

    [Theory]
    [InlineData("{}", false)]
    [InlineData("""{"managedBy": ""}""", true)]
    [InlineData("""{"managedBy": "kubeflow.org/training-operator"}""", false)]
    [InlineData("""{"managedBy": "kueue.x-k8s.io/multikueue"}""", true)]
    [InlineData("""{"managedBy": "other"}""", true)]
    public void Job_is_managed_elsewhere_by_any_name_but_ours(string policy, bool elsewhere) => Assert.Equal(elsewhere, Policy(policy).IsManagedElsewhere);

    [Theory]
    [InlineData("None", "Running", false)]
    [InlineData("Running", "Running", true)]
    [InlineData("Running", "Pending", true)]
    [InlineData("Running", "Succeeded", false)]
    [InlineData("Running", "Failed", false)]
    [InlineData("All", "Succeeded", true)]
    [InlineData("Whatever", "Failed", true)]
    public void Clean_up_deletes_what_the_policy_says(string policy, string phase, bool deleted) =>
        Assert.Equal(deleted, RunPolicyRules.DeletesPod(Policy($$"""{"cleanPodPolicy": "{{policy}}"}"""), new ObservedPod { Name = "p", Namespace = "n", Uid = "u", Phase = phase }));

    [Fact]
    public void Time_beyond_any_calendar_is_never_instead_of_an_error()
    {
        var policy = Policy($$"""{"activeDeadlineSeconds": {{long.MaxValue}}, "ttlSecondsAfterFinished": {{int.MaxValue}}}""");
        Assert.True(RunPolicyRules.Deadline(policy, World.Start) > World.Start.AddYears(50));
        Assert.True(RunPolicyRules.Expiry(policy, World.Start) > World.Start.AddYears(50));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("3f1c9a52-7b53-4a3e-9a2b-0d4f60b7a001")]
    public void Safety_check_is_at_most_ten_minutes_away_and_does_not_move_when_looked_at_earlier(string uid)
    {
        var next = RunPolicyRules.SafetyCheck(uid, World.Start);
        Assert.InRange(next - World.Start, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Assert.Equal(next, RunPolicyRules.SafetyCheck(uid, next.AddSeconds(-1)));
        Assert.Equal(next.AddMinutes(10), RunPolicyRules.SafetyCheck(uid, next));
    }

    private static RunPolicy Policy(string json) => new(JsonSerializer.Deserialize<JsonElement>($$"""{"runPolicy": {{json}} }"""));
}
