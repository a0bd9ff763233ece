using Kubeflow.Orleans.LocalCluster.Events;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Events;

public sealed class EventAggregationTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly EventAggregation aggregation = new();

    [Fact]
    public void Same_words_again_are_counted_on_the_first_event()
    {
        var first = Assert.IsType<EventAction.Create>(aggregation.Decide(Event("pulling"), Start));
        var second = Assert.IsType<EventAction.Count>(aggregation.Decide(Event("pulling", resourceVersion: "8"), Start.AddSeconds(1)));

        Assert.Equal((first.Namespace, first.Name), (second.Namespace, second.Name));
    }

    [Fact]
    public void Other_words_are_another_event()
    {
        aggregation.Decide(Event("pulling"), Start);
        Assert.IsType<EventAction.Create>(aggregation.Decide(Event("pulled"), Start));
    }

    [Fact]
    public void Tenth_variation_within_ten_minutes_is_combined()
    {
        for (var number = 0; number < 9; number++)
        {
            Assert.IsType<EventAction.Create>(aggregation.Decide(Event($"try {number}"), Start));
        }

        var combined = Assert.IsType<EventAction.Create>(aggregation.Decide(Event("try 9"), Start));
        Assert.Equal("(combined from similar events): try 9", combined.Event.Message);
        Assert.IsType<EventAction.Count>(aggregation.Decide(Event("try 10"), Start));
    }

    [Fact]
    public void Burst_of_25_is_let_through_then_one_every_five_minutes()
    {
        for (var number = 0; number < 25; number++)
        {
            Assert.IsNotType<EventAction.Drop>(aggregation.Decide(Event("again"), Start));
        }

        Assert.IsType<EventAction.Drop>(aggregation.Decide(Event("again"), Start));
        Assert.IsType<EventAction.Drop>(aggregation.Decide(Event("again"), Start.AddMinutes(4)));
        Assert.IsNotType<EventAction.Drop>(aggregation.Decide(Event("again"), Start.AddMinutes(5)));
    }

    [Fact]
    public void Event_whose_object_aged_out_is_written_anew()
    {
        var first = Assert.IsType<EventAction.Create>(aggregation.Decide(Event("pulling"), Start));
        aggregation.ForgetTold(first.Namespace, first.Name);

        Assert.IsType<EventAction.Create>(aggregation.Decide(Event("pulling"), Start.AddHours(2)));
    }

    private static ClusterEvent Event(string message, string resourceVersion = "7") => new(
        new InvolvedObject("v1", "Pod", "default", "p", "uid", resourceVersion), ClusterEvent.Normal, "Pulling", message, new EventSource("kubelet", "node"));
}
