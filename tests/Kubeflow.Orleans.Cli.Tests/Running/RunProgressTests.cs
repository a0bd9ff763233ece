using Kubeflow.Orleans.Cli.Running;
using Xunit;

namespace Kubeflow.Orleans.Cli.Tests.Running;

public sealed class RunProgressTests
{
    private const string Failed = "{phase: Failed, containerStatuses: [{name: tensorflow, restartCount: 0, state: {terminated: {exitCode: 3, reason: Error}}}]}";

    private readonly RunProgress progress = new([TargetState.Read(Objects.Job(""))]);

    [Fact]
    public void A_new_condition_of_the_job_is_told_once()
    {
        var running = Objects.Job("{type: Running, status: 'True', message: TFJob default/digits is running.}");

        Assert.Equal(["tfjob/digits  Running: TFJob default/digits is running."], progress.SeeTarget(running, gone: false));
        Assert.Empty(progress.SeeTarget(running, gone: false));
    }

    [Fact]
    public void What_a_program_reports_of_itself_is_told_when_it_changes()
    {
        var reporting = Objects.Document("""
            apiVersion: kubeflow.org/v1
            kind: TFJob
            metadata: {name: digits, namespace: default, uid: job-uid, resourceVersion: "6"}
            status: {trainerStatus: {progressPercentage: 42, estimatedRemainingSeconds: 150, metrics: [{name: loss, value: "0.25"}]}}
            """);

        Assert.Equal(["tfjob/digits  42 %, 2 min 30 s left, loss 0.25"], progress.SeeTarget(reporting, gone: false));
        Assert.Empty(progress.SeeTarget(reporting, gone: false));
    }

    [Fact]
    public void Another_object_of_the_same_name_does_not_count()
    {
        Assert.Empty(progress.SeeTarget(Objects.Job("{type: Succeeded, status: 'True'}", uid: "an-older-job"), gone: false));
        Assert.False(progress.Finished);
    }

    [Fact]
    public void A_job_deleted_before_its_end_has_failed()
    {
        progress.SeeTarget(Objects.Job("{type: Running, status: 'True'}"), gone: true);

        Assert.True(progress.Finished);
        Assert.Contains("tfjob/digits failed: It was deleted before it finished.", FailureReport.Of(progress));
    }

    [Fact]
    public void A_job_deleted_after_its_end_keeps_its_verdict()
    {
        progress.SeeTarget(Objects.Job("{type: Succeeded, status: 'True'}"), gone: true);

        Assert.Equal(Verdict.Succeeded, Assert.Single(progress.Targets).Verdict);
    }

    [Fact]
    public void A_replica_tells_phase_restart_and_what_it_waits_for_once_each()
    {
        var pending = ReplicaReader.Read(Objects.Pod("{phase: Pending}"));
        var running = pending with { Phase = "Running", Node = "laptop" };
        var backOff = running with { Waiting = "CrashLoopBackOff: back-off 10s", Containers = [new ContainerState("tensorflow", false, 1, true, null, 3, "Error", "")] };

        Assert.Equal(["worker-0  Pending"], progress.SeeReplica(pending));
        Assert.Equal(["worker-0  Running on laptop"], progress.SeeReplica(running));
        Assert.Empty(progress.SeeReplica(running));
        Assert.Equal(["worker-0  restarted (1): exit code 3", "worker-0  waits: CrashLoopBackOff: back-off 10s"], progress.SeeReplica(backOff));
    }

    [Fact]
    public void Only_pods_of_the_runs_jobs_concern_it()
    {
        var replica = ReplicaReader.Read(Objects.Pod("{phase: Pending}"));

        Assert.True(progress.Concerns(replica));
        Assert.False(progress.Concerns(replica with { OwnerUid = "somebody-else" }));
    }

    [Fact]
    public void A_failure_names_the_replica_its_exit_code_and_its_last_lines()
    {
        var replica = ReplicaReader.Read(Objects.Pod(Failed));
        progress.SeeReplica(replica);
        for (var line = 1; line <= 12; line++)
        {
            progress.SeeLine(replica, "tensorflow", $"line {line}");
        }

        progress.SeeTarget(Objects.Job("{type: Failed, status: 'True', message: it has failed}"), gone: false);

        Assert.Equal(
            ["tfjob/digits failed: it has failed", "  worker-0 (pod digits-worker-0): exit code 3; its last lines:", .. Enumerable.Range(3, 10).Select(line => $"    line {line}")],
            FailureReport.Of(progress));
    }

    [Fact]
    public void A_line_carries_its_replica_and_its_container_only_where_there_are_several()
    {
        var single = ReplicaReader.Read(Objects.Pod(Failed));
        var several = single with { Uid = "other", Name = "worker-1", Containers = [.. single.Containers, single.Containers[0] with { Name = "sidecar" }] };

        Assert.Equal("[worker-0] hello", progress.SeeLine(single, "tensorflow", "hello"));
        Assert.Equal("[worker-1/sidecar] hello", progress.SeeLine(several, "sidecar", "hello"));
    }

    [Fact]
    public void Replicas_of_several_jobs_go_by_their_pods_names()
    {
        var several = new RunProgress([TargetState.Read(Objects.Job("")), TargetState.Read(Objects.Job("", uid: "second", name: "second"))]);

        Assert.Equal("digits-worker-0", several.NameOf(ReplicaReader.Read(Objects.Pod(Failed))));
    }

    [Fact]
    public void A_run_that_takes_too_long_says_what_each_replica_waits_for()
    {
        progress.SeeReplica(ReplicaReader.Read(Objects.Pod("{phase: Pending}")) with { Waiting = "ErrImagePull: no such image" });

        Assert.Equal(["worker-0 is Pending, waiting: ErrImagePull: no such image"], FailureReport.Waiting(progress));
    }

    [Fact]
    public void A_job_without_replicas_that_takes_too_long_says_where_it_stands()
    {
        progress.SeeTarget(Objects.Job("{type: Suspended, status: 'True', message: TFJob digits is suspended.}"), gone: false);

        Assert.Equal(["tfjob/digits has no replica that runs; it is Suspended. TFJob digits is suspended."], FailureReport.Waiting(progress));
    }
}
