using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class PendingConditionTests
{
    private const string Manifest = """
        kind: JAXJob
        metadata: {name: j}
        spec:
          jaxReplicaSpecs:
            Worker: {replicas: 2, restartPolicy: OnFailure, template: {spec: {containers: [{name: jax, image: x}]}}}
        """;

    [Theory]
    [InlineData("ErrImagePull", "ImagePullFailed")]
    [InlineData("ImagePullBackOff", "ImagePullFailed")]
    [InlineData("InvalidImageName", "ImagePullFailed")]
    [InlineData("ErrImageNeverPull", "ImagePullFailed")]
    [InlineData("CreateContainerConfigError", "ContainerCreationFailed")]
    [InlineData("ContainerCreating", null)]
    [InlineData("PodInitializing", null)]
    public void Container_that_cannot_start_is_told_of(string reason, string? expected)
    {
        var world = Started();
        world.Set(Waiting(world.Pod("j-worker-1"), reason, "no such thing"));
        world.Settle();

        Assert.Equal(expected is null ? [] : [$"PodsPending=True {expected}"], Pending(world));
        if (expected is not null)
        {
            Assert.Equal($"j-worker-1: container jax: {reason}: no such thing", Message(world));
        }
    }

    [Theory]
    [InlineData("Unschedulable")]
    [InlineData("SchedulingGated")]
    public void Pod_without_a_node_is_told_of(string reason)
    {
        var world = Started();
        world.Set(Unscheduled(world.Pod("j-worker-0"), reason, "0/3 nodes are available: 3 Insufficient cpu."));
        world.Settle();

        Assert.Equal([$"PodsPending=True {reason}"], Pending(world));
        Assert.Equal("j-worker-0: 0/3 nodes are available: 3 Insufficient cpu.", Message(world));
    }

    [Theory]
    [InlineData("pods \"j-worker-0\" is forbidden: exceeded quota: team, requested: cpu=4, used: cpu=8, limited: cpu=10", "QuotaExceeded")]
    [InlineData("pods \"j-worker-0\" is forbidden: violates PodSecurity \"restricted:latest\"", "CreationRefused")]
    public void Refused_pod_is_told_of_until_it_is_there(string refusal, string expected)
    {
        var world = World.Of(Manifest);
        world.Write(world.Decide());
        world.Refusals["j-worker-0"] = refusal;
        world.Write(world.Decide());
        Assert.Equal([$"PodsPending=True {expected}"], Pending(world));
        Assert.Equal($"j-worker-0: {refusal}", Message(world));

        world.Refusals.Clear();
        Assert.Null(world.Decide().Status);

        world.Settle();
        Assert.Empty(Pending(world));
    }

    [Fact]
    public void Gang_without_its_scheduler_is_told_of_in_a_condition_and_one_event()
    {
        var world = World.Of(Manifest, new TrainingOptions { GangSchedulerName = "volcano" });
        world.UnknownKinds.Add(ChildKind.Of<VolcanoPodGroup>());

        Assert.Equal(["GangSchedulerMissing"], world.Settle().Select(said => said.Reason));
        Assert.Equal(["PodsPending=True GangSchedulerMissing"], Pending(world));
        Assert.Equal("the cluster does not serve podgroups of scheduling.volcano.sh/v1beta1: is the scheduler volcano installed?", Message(world));
        Assert.Empty(world.Settle());
    }

    [Fact]
    public void Condition_stands_first_so_that_the_last_one_is_as_upstream()
    {
        var world = Started();
        world.Set(world.Pod("j-worker-0").Running());
        world.Set(Waiting(world.Pod("j-worker-1"), "ErrImagePull", "no"));
        world.Settle();

        Assert.Equal(["PodsPending=True ImagePullFailed", "Created=True JAXJobCreated", "Running=True JAXJobRunning"], world.Conditions());
    }

    [Fact]
    public void Condition_is_written_once_however_the_words_change_and_goes_when_nothing_waits()
    {
        var world = Started();
        world.Set(Waiting(world.Pod("j-worker-0"), "ErrImagePull", "try 1"));
        world.Settle();
        world.Set(Waiting(world.Pod("j-worker-0"), "ImagePullBackOff", "try 2"));
        Assert.Null(world.Decide().Status);

        world.SetAll(pod => pod.Running());
        world.Settle();
        Assert.Equal(["Created=True JAXJobCreated", "Running=True JAXJobRunning"], world.Conditions());
    }

    [Theory]
    [InlineData("suspend")]
    [InlineData("deadline")]
    public void Condition_goes_with_the_suspension_and_with_the_end(string how)
    {
        var world = Started();
        world.Set(Unscheduled(world.Pod("j-worker-0"), "Unschedulable", "no node"));
        world.Settle();
        world.Job["spec"]!["runPolicy"] = World.ReadYaml(how == "suspend" ? "{suspend: true}" : "{activeDeadlineSeconds: 1}");
        world.Now = World.Start.AddSeconds(2);
        world.Settle();

        Assert.True(world.IsTrue(how == "suspend" ? "Suspended" : "Failed"));
        Assert.Empty(Pending(world));
    }

    private static World Started()
    {
        var world = World.Of(Manifest);
        world.Settle();
        return world;
    }

    private static IEnumerable<string> Pending(World world) => world.Conditions().Where(condition => condition.StartsWith("PodsPending", StringComparison.Ordinal));

    private static string Message(World world) => world.Job["status"]!["conditions"]![0]!["message"]!.GetValue<string>();

    private static ObservedPod Waiting(ObservedPod pod, string reason, string message) =>
        pod with { Containers = [new ObservedContainer { Name = "jax", Waiting = new ObservedWaiting(reason, message) }] };

    private static ObservedPod Unscheduled(ObservedPod pod, string reason, string message) =>
        pod with { Conditions = ImmutableArray.Create(new ObservedCondition("PodScheduled", "False", reason, message, World.Start)) };
}
