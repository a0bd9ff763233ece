using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class JobConditionsTests
{
    private static readonly DateTimeOffset Later = World.Start.AddMinutes(1);

    [Fact]
    public void Conditions_of_a_life_stand_in_the_order_they_were_reached()
    {
        var conditions = Set(JobConditions.Empty, "Created");
        Assert.Equal(["Created=True"], Texts(conditions));

        conditions = Set(conditions, "Running");
        Assert.Equal(["Created=True", "Running=True"], Texts(conditions));

        conditions = Set(conditions, "Restarting");
        Assert.Equal(["Created=True", "Restarting=True"], Texts(conditions));

        conditions = Set(conditions, "Running");
        Assert.Equal(["Created=True", "Running=True"], Texts(conditions));

        conditions = Set(conditions, "Failed");
        Assert.Equal(["Created=True", "Running=False", "Failed=True"], Texts(conditions));
    }

    [Theory]
    [InlineData("Succeeded", true)]
    [InlineData("Failed", true)]
    [InlineData("Suspended", false)]
    public void Job_is_finished_by_success_and_failure_only(string type, bool finished) => Assert.Equal(finished, Set(JobConditions.Empty, type).IsFinished);

    [Theory]
    [InlineData("Succeeded", "Failed")]
    [InlineData("Failed", "Succeeded")]
    [InlineData("Succeeded", "Running")]
    [InlineData("Failed", "Restarting")]
    public void First_end_is_the_only_one(string first, string second)
    {
        var ended = Set(JobConditions.Empty, first);
        Assert.Equal(ended.Items, Set(ended, second).Items);
    }

    [Fact]
    public void Another_message_alone_changes_nothing()
    {
        var conditions = JobConditions.Empty.Set("Running", "True", "Reason", "first", World.Start);
        Assert.Equal(conditions.Items, conditions.Set("Running", "True", "Reason", "second", Later).Items);
    }

    [Fact]
    public void Another_reason_moves_the_condition_to_the_end_and_keeps_its_transition_time()
    {
        var conditions = Set(JobConditions.Empty.Set("Suspended", "True", "First", "", World.Start), "Created")
            .Set("Suspended", "True", "Second", "", Later);

        Assert.Equal(["Created=True", "Suspended=True"], Texts(conditions));
        Assert.Equal((World.Start, Later), (conditions.Items[1].LastTransitionTime, conditions.Items[1].LastUpdateTime));
    }

    [Fact]
    public void Another_status_is_a_transition()
    {
        var conditions = JobConditions.Empty.Set("Suspended", "True", "Suspended", "", World.Start).Set("Suspended", "False", "Resumed", "", Later);
        Assert.Equal((Later, Later), (conditions.Items[0].LastTransitionTime, conditions.Items[0].LastUpdateTime));
    }

    [Fact]
    public void End_keeps_reason_and_times_of_Running()
    {
        var running = JobConditions.Empty.Set("Running", "True", "TFJobRunning", "it runs", World.Start);
        var ended = running.Set("Succeeded", "True", "TFJobSucceeded", "", Later);
        Assert.Equal(running.Items[0] with { Status = "False" }, ended.Items[0]);
    }

    private static JobConditions Set(JobConditions conditions, string type) => conditions.Set(type, "True", type, "", World.Start);

    private static IEnumerable<string> Texts(JobConditions conditions) => conditions.Items.Select(item => $"{item.Type}={item.Status}");
}
