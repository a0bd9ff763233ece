using Kubeflow.Orleans.Cli.Running;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Running;

public sealed class ReplicaReaderTests
{
    [Fact]
    public void A_replica_of_a_training_job_is_called_by_its_role_and_index()
    {
        var replica = ReplicaReader.Read(Objects.Pod("{phase: Running, startTime: 2026-01-01T00:00:00Z}"));

        Assert.Equal(("worker-0", "digits-worker-0", "job-uid", "Running", "laptop"), (replica.Name, replica.PodName, replica.OwnerUid, replica.Phase, replica.Node));
    }

    [Fact]
    public void A_pod_without_role_labels_is_called_by_its_name() => Assert.Equal("digits-worker-0", ReplicaReader.Read(Objects.Pod("{}", labels: "")).Name);

    [Fact]
    public void A_pod_without_status_is_pending() => Assert.Equal("Pending", ReplicaReader.Read(Objects.Pod("{}")).Phase);

    [Fact]
    public void Waiting_for_an_image_says_why()
    {
        var replica = ReplicaReader.Read(Objects.Pod("""
            {phase: Pending, containerStatuses: [{name: tensorflow, restartCount: 0, state: {waiting: {reason: ErrImagePull, message: no such image}}}]}
            """));

        Assert.Equal("ErrImagePull: no such image", replica.Waiting);
    }

    [Fact]
    public void A_container_that_is_being_created_is_no_reason_to_tell_of() => Assert.Equal("", ReplicaReader.Read(Objects.Pod("""
        {phase: Pending, containerStatuses: [{name: tensorflow, state: {waiting: {reason: ContainerCreating}}}]}
        """)).Waiting);

    [Fact]
    public void An_unschedulable_pod_says_why() => Assert.Equal("Unschedulable: 0/1 nodes are available", ReplicaReader.Read(Objects.Pod("""
        {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: 0/1 nodes are available}]}
        """)).Waiting);

    [Fact]
    public void A_failed_container_keeps_its_exit_code_and_reason()
    {
        var replica = ReplicaReader.Read(Objects.Pod("""
            {phase: Failed, startTime: 2026-01-01T00:00:00Z, containerStatuses: [{name: tensorflow, restartCount: 2, state: {terminated: {exitCode: 137, reason: OOMKilled, finishedAt: 2026-01-01T00:00:09Z}}}]}
            """));

        Assert.Equal("exit code 137 (OOMKilled)", replica.Broken!.End);
        Assert.Equal(2, replica.Restarts);
        Assert.Equal(TimeSpan.FromSeconds(9), replica.Age(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void A_container_in_back_off_has_started_and_tells_how_it_ended_before()
    {
        var container = Assert.Single(ReplicaReader.Read(Objects.Pod("""
            {phase: Running, containerStatuses: [{name: tensorflow, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3, reason: Error}}}]}
            """)).Containers);

        Assert.True(container.HasStarted);
        Assert.Equal("exit code 3", container.End);
    }

    [Theory]
    [InlineData("Running", "Terminating")]
    [InlineData("Pending", "Terminating")]
    [InlineData("Failed", "Failed")]
    public void A_pod_that_is_being_deleted_is_terminating_unless_it_has_ended(string phase, string shown)
    {
        var pod = Objects.Pod($"{{phase: {phase}}}").ToNode();
        pod["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";

        Assert.Equal(shown, ReplicaReader.Read(Core.Resources.Document.FromNode(pod)).Phase);
    }
}
