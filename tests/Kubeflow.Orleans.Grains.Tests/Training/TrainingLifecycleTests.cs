using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

/// <summary>What takes more than one decision to see.</summary>
public sealed class TrainingLifecycleTests
{
    private const string Workers = """
        kind: PyTorchJob
        metadata: {name: j}
        spec:
          runPolicy: {}
          pytorchReplicaSpecs:
            Master: {replicas: 1, restartPolicy: POLICY, template: {spec: {containers: [{name: pytorch, image: x}]}}}
            Worker: {replicas: 1, restartPolicy: POLICY, template: {spec: {containers: [{name: pytorch, image: x}]}}}
        """;

    [Fact]
    public void Happy_path_ends_with_the_conditions_clients_wait_for()
    {
        var world = Job("OnFailure");
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();
        Assert.Equal(["Created=True PyTorchJobCreated", "Running=True PyTorchJobRunning"], world.Conditions());

        world.SetAll(pod => pod.Succeeded("pytorch"));
        world.Settle();
        Assert.Equal(["Created=True PyTorchJobCreated", "Running=False PyTorchJobRunning", "Succeeded=True PyTorchJobSucceeded"], world.Conditions());
    }

    [Fact]
    public void Restarted_pod_takes_the_job_through_Restarting_back_to_Running()
    {
        var world = Job("ExitCode");
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();

        world.Set(world.Pod("j-worker-0").Failed("pytorch", 137));
        var decision = world.Decide();
        world.Write(decision);
        Assert.Equal(["Created=True PyTorchJobCreated", "Restarting=True PyTorchJobRestarting"], world.Conditions());

        world.Settle();
        Assert.Equal(["Created=True PyTorchJobCreated", "Running=True PyTorchJobRunning"], world.Conditions());
        Assert.Equal(2, world.Creations.Count(name => name == "j-worker-0"));
    }

    [Fact]
    public void Suspended_and_resumed_job_starts_anew_with_the_pods_of_its_new_template()
    {
        var world = Job("OnFailure");
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();

        world.Job["spec"]!["runPolicy"]!["suspend"] = true;
        world.Settle();
        Assert.Empty(world.Pods);
        Assert.Empty(world.Services);

        world.Now = World.Start.AddMinutes(5);
        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();
        Assert.Equal(["Created=True PyTorchJobCreated", "Suspended=False PyTorchJobResumed", "Running=True PyTorchJobRunning"], world.Conditions());
        Assert.Equal("2026-01-01T00:05:00Z", world.Job["status"]!["startTime"]!.GetValue<string>());
    }

    [Fact]
    public void Job_resumed_before_its_suspension_was_carried_out_still_loses_its_old_pods()
    {
        var world = Job("OnFailure");
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Job["spec"]!["runPolicy"]!["suspend"] = true;
        world.Write(world.Decide());
        world.Job["spec"]!["runPolicy"]!["suspend"] = false;

        world.Settle();

        Assert.Equal(["j-master-0", "j-worker-0", "j-master-0", "j-worker-0"], world.Creations);
        Assert.Contains("Suspended=False PyTorchJobResumed", world.Conditions());
    }

    [Fact]
    public void Each_event_of_a_pod_is_said_once_while_it_holds_and_again_for_the_next_pod()
    {
        var world = Job("ExitCode");
        world.Settle();
        world.Set(world.Pod("j-worker-0").Failed("pytorch", 130));
        Assert.Equal(["ExitedWithCode", "PyTorchJobRestarting"], world.Settle().Select(said => said.Reason));

        world.Set(world.Pod("j-worker-0").Failed("pytorch", 130));
        Assert.Equal(["ExitedWithCode", "PyTorchJobRestarting"], world.Settle().Select(said => said.Reason));
    }

    [Fact]
    public void Image_error_that_goes_and_comes_back_is_said_again()
    {
        var world = Job("OnFailure");
        world.Settle();
        var waiting = world.Pod("j-master-0") with
        {
            Containers = [new ObservedContainer { Name = "pytorch", Waiting = new ObservedWaiting("ErrImagePull", "no such image") }],
        };
        world.Set(waiting);
        Assert.Equal(["ErrImagePull"], world.Settle().Select(said => said.Reason));
        Assert.Empty(world.Settle());

        world.Set(waiting.Running() with { Containers = [] });
        world.Settle();
        world.Set(waiting);
        Assert.Equal(["ErrImagePull"], world.Settle().Select(said => said.Reason));
    }

    [Fact]
    public void Restarts_of_a_pod_that_is_made_anew_still_count_against_the_limit()
    {
        var world = Job("OnFailure");
        world.Job["spec"]!["runPolicy"]!["backoffLimit"] = 4;
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Set(world.Pod("j-worker-0").Restarted("pytorch", 2) with { Phase = "Failed" });
        world.Settle();
        Assert.False(world.IsFinished);

        world.Set(world.Pod("j-worker-0").Running().Restarted("pytorch", 1));
        Assert.Contains("Job j has failed because it has reached the specified backoff limit", world.Settle().Select(said => said.Message));
        Assert.True(world.IsTrue("Failed"));
    }

    [Fact]
    public void Completed_worker_is_not_run_again_when_its_pod_is_deleted()
    {
        var world = Job("OnFailure");
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Set(world.Pod("j-worker-0").Succeeded("pytorch"));
        world.Settle();

        world.Remove("j-worker-0");
        world.Settle();

        Assert.Single(world.Creations, name => name == "j-worker-0");
        Assert.Equal(1, world.Job["status"]!["replicaStatuses"]!["Worker"]!["succeeded"]!.GetValue<int>());
    }

    [Fact]
    public void Status_fields_nobody_here_knows_survive()
    {
        var world = Job("OnFailure");
        world.Job["status"] = World.ReadYaml("""{lastReconcileTime: "2026-01-01T00:00:00Z", trainerStatus: {progress: 5}}""");
        world.Settle();
        Assert.Equal("""{"progress":5}""", world.Job["status"]!["trainerStatus"]!.ToJsonString());
        Assert.Contains("Created=True PyTorchJobCreated", world.Conditions());
    }

    [Theory]
    [InlineData("spec: 7")]
    [InlineData("spec: {pytorchReplicaSpecs: []}")]
    [InlineData("spec: {pytorchReplicaSpecs: {Worker: {replicas: many, template: {spec: {containers: [{name: pytorch, image: x}]}}}}}")]
    [InlineData("spec: {elasticPolicy: 3, runPolicy: [], pytorchReplicaSpecs: {}}")]
    [InlineData("status: nonsense")]
    [InlineData("status: {conditions: {}, replicaStatuses: [1], startTime: soon}")]
    [InlineData("status: {conditions: [{}, 7, {type: 3}], replicaStatuses: {Worker: 9}}")]
    public void Malformed_object_is_decided_on_without_an_error(string part)
    {
        var world = World.Of("{kind: PyTorchJob, metadata: {name: j}, " + part + "}");
        Assert.NotNull(world.Decide().Status);
    }

    [Theory]
    [InlineData("OnFailure")]
    [InlineData("Never")]
    public void New_pod_counts_while_a_slow_watch_still_shows_the_old_one_of_its_name(string restartPolicy)
    {
        var world = Job(restartPolicy);
        world.Job["spec"]!["runPolicy"]!["cleanPodPolicy"] = "Running";
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();
        var old = world.Pod("j-worker-0").Failed("pytorch", 1).Terminating() with { Uid = "old" };

        var running = world.Machine.Decide(world.Situation() with { Pods = [old, .. world.Pods] });
        Assert.True(running is { Status: null, Actions.IsEmpty: true });

        world.Set(world.Pod("j-master-0").Succeeded("pytorch"));
        var ended = world.Machine.Decide(world.Situation() with { Pods = [old, .. world.Pods] });
        Assert.Equal(["j-worker-0"], ended.Actions.OfType<ClusterAction.DeletePod>().Select(action => action.Name));
        Assert.Equal(["j-worker-0"], ended.Actions.OfType<ClusterAction.DeleteService>().Select(action => action.Name));
    }

    [Fact]
    public void Job_being_deleted_is_left_alone()
    {
        var world = Job("OnFailure");
        world.Job["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        var decision = world.Decide();
        Assert.True(decision is { Status: null, Notes: null, Actions.IsEmpty: true, NextWake: null });
    }

    [Fact]
    public void Machines_speak_as_the_controllers_they_stand_for() => Assert.Equal(
        [
            ("tfjobs.kubeflow.org", "tfjob-controller"), ("pytorchjobs.kubeflow.org", "pytorchjob-controller"), ("xgboostjobs.kubeflow.org", "xgboostjob-controller"),
            ("paddlejobs.kubeflow.org", "paddlejob-controller"), ("jaxjobs.kubeflow.org", "jaxjob-controller"), ("mpijobs.kubeflow.org", "mpijob-controller"),
        ],
        TrainingFamily.StateMachines(new TrainingOptions()).Select(machine => (machine.Resource, machine.Component)));

    private static World Job(string restartPolicy) => World.Of(Workers.Replace("POLICY", restartPolicy, StringComparison.Ordinal));
}
