using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Kubelet;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Kubelet;

/// <summary>The pure core by tables: what is known of the containers, and what is to be done about them.</summary>
public sealed class ContainerDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Containers in the order of the spec: <c>i</c> regular init, <c>s</c> sidecar, <c>c</c> regular; states: <c>w</c>aiting,
    /// <c>r</c>unning, <c>u</c> running but not started, <c>0</c>/<c>1</c> ended with that code, <c>b</c> ended with 1 and held back.
    /// </summary>
    [Theory]
    [InlineData("Never", "c:w", "start c0")]
    [InlineData("Never", "c:r", "")]
    [InlineData("Never", "c:0", "finish")]
    [InlineData("Never", "c:1", "finish")]
    [InlineData("OnFailure", "c:0", "finish")]
    [InlineData("OnFailure", "c:1", "start c0")]
    [InlineData("OnFailure", "c:b", "hold c0")]
    [InlineData("Always", "c:0", "start c0")]
    [InlineData("Never", "c:0 c:r", "")]
    [InlineData("Never", "i:w i:w c:w", "start i0")]
    [InlineData("Never", "i:0 i:w c:w", "start i1")]
    [InlineData("Never", "i:r i:w c:w", "")]
    [InlineData("Never", "i:1 c:w", "finish")]
    [InlineData("OnFailure", "i:1 c:w", "start i0")]
    [InlineData("Always", "i:1 c:w", "start i0")]
    [InlineData("Never", "i:0 c:w", "start c1")]
    [InlineData("Never", "s:w c:w", "start s0")]
    [InlineData("Never", "s:u c:w", "")]
    [InlineData("Never", "s:r c:w", "start c1")]
    [InlineData("Never", "s:r c:r", "")]
    [InlineData("Never", "s:1 c:r", "start s0")]
    [InlineData("Never", "s:r s:r c:0", "stop s1")]
    [InlineData("Never", "s:r s:1 c:0", "stop s0")]
    [InlineData("Never", "s:1 c:0", "finish")]
    public void Containers_are_started_held_back_and_stopped_in_order(string restartPolicy, string containers, string expected) =>
        Assert.Equal(expected, Decide(restartPolicy, containers, stop: null));

    [Theory]
    [InlineData("c:r c:r", "stop c0, stop c1")]
    [InlineData("s:r c:r", "stop c1")]
    [InlineData("s:r c:1", "stop s0")]
    [InlineData("i:r c:w", "stop i0")]
    [InlineData("c:w", "finish")]
    [InlineData("c:b", "finish")]
    public void Pod_that_must_end_stops_regular_containers_first_and_starts_nothing(string containers, string expected) =>
        Assert.Equal(expected, Decide("Always", containers, PodStop.Deleted(TimeSpan.FromSeconds(30))));

    [Theory]
    [InlineData("Never", "c:w", "Pending")]
    [InlineData("Never", "c:r", "Running")]
    [InlineData("Never", "c:0", "Succeeded")]
    [InlineData("Never", "c:1", "Failed")]
    [InlineData("Never", "c:0 c:1", "Failed")]
    [InlineData("Never", "c:0 c:r", "Running")]
    [InlineData("OnFailure", "c:1", "Running")]
    [InlineData("OnFailure", "c:0 c:0", "Succeeded")]
    [InlineData("Always", "c:0", "Running")]
    [InlineData("Never", "i:r c:w", "Pending")]
    [InlineData("Never", "i:1 c:w", "Failed")]
    [InlineData("OnFailure", "i:1 c:w", "Pending")]
    [InlineData("Never", "s:r c:w", "Pending")]
    [InlineData("Never", "s:r c:r", "Running")]
    [InlineData("Never", "s:r c:0", "Running")]
    [InlineData("Never", "s:1 c:0", "Succeeded")]
    public void Phase_follows_from_the_containers(string restartPolicy, string containers, string expected)
    {
        var (pod, record) = World(restartPolicy, containers);
        Assert.Equal(expected, PodPhase.Of(pod, record));
    }

    [Fact]
    public void Back_off_lets_the_first_retry_pass_doubles_to_five_minutes_and_is_forgotten()
    {
        BackOff? backOff = null;
        var waits = new List<string>();
        for (var (attempt, now) = (0, Now); attempt < 8; attempt++)
        {
            var next = BackOff.NotBefore(backOff, now);
            waits.Add(BackOff.Format(next - now));
            now = next;
            backOff = BackOff.Next(backOff, now);
        }

        Assert.Equal(["0s", "10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"], waits);
        var later = backOff!.Since + TimeSpan.FromMinutes(11);
        Assert.Equal(later, BackOff.NotBefore(backOff, later));
    }

    private static string Decide(string restartPolicy, string containers, PodStop? stop)
    {
        var (pod, record) = World(restartPolicy, containers);
        var decision = ContainerDecision.Decide(pod, record with { ReadyToStart = true, Stop = stop }, Now);
        var actions = decision.Actions.Select(action => action switch
        {
            ContainerAction.Start start => $"start {start.Container.Name}",
            ContainerAction.HoldBack => $"hold {action.Container.Name}",
            _ => $"stop {action.Container.Name}",
        });
        return decision.Finish ? "finish" : string.Join(", ", actions);
    }

    private static (Pod Pod, PodRecord Record) World(string restartPolicy, string containers)
    {
        var entries = containers.Split(' ').Select((entry, index) => (Name: $"{entry[0]}{index}", Kind: entry[0], State: entry[2])).ToList();
        var spec = new JsonObject
        {
            ["restartPolicy"] = restartPolicy,
            ["initContainers"] = new JsonArray([.. entries.Where(entry => entry.Kind != 'c').Select(entry => new JsonObject { ["name"] = entry.Name, ["restartPolicy"] = entry.Kind == 's' ? "Always" : null })]),
            ["containers"] = new JsonArray([.. entries.Where(entry => entry.Kind == 'c').Select(entry => new JsonObject { ["name"] = entry.Name })]),
        };
        var pod = Pod.Read(Document.FromNode(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "p", ["namespace"] = "default", ["uid"] = "u" }, ["spec"] = spec }));
        return (pod, entries.Aggregate(PodRecord.New(pod, Now), (record, entry) => record.With(State(new ContainerRecord(entry.Name), entry.State))));
    }

    private static ContainerRecord State(ContainerRecord record, char state) => state switch
    {
        'r' => record with { State = new ContainerState.Running(Now), Started = true, ProbedReady = true },
        'u' => record with { State = new ContainerState.Running(Now) },
        '0' or '1' => record with { State = Ended(state - '0') },
        'b' => record with { State = Ended(1), BackOff = new BackOff(BackOff.Initial, Now) },
        _ => record,
    };

    private static ContainerState.Terminated Ended(int exitCode) => new(exitCode, "", "", Now, Now, "");
}
