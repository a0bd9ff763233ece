using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobFailureTests
{
    [Fact]
    public void Failed_pod_is_replaced_after_a_delay_that_grows_until_the_limit_ends_the_job()
    {
        var world = World(runtime: Runtime(job: "backoffLimit: 2"));
        world.Settle();
        foreach (var delay in (int[])[10, 20])
        {
            world.Set(world.Pod("node").Failed());
            world.Settle();
            Assert.Equal(world.Now.AddSeconds(delay), world.Decide().NextWake);
            Assert.Empty(world.Decide().Actions);
            world.Now += TimeSpan.FromSeconds(delay);
            world.Settle();
            Assert.Empty(world.Conditions());
        }

        Assert.Equal(3, world.Created.Select(pod => pod.Metadata.Name).Distinct().Count());
        world.Set(world.Pod("node").Failed());
        world.Settle();
        Assert.Equal(["Failed=True FailedJobs: jobset failed due to one or more job failures (first failed job: train-node-0)"], world.Conditions());
        Assert.Equal("0/0/1/0/0", world.Counts("node"));
        Assert.Equal(3, world.Pods.Count);
    }

    [Fact]
    public void Failure_of_one_node_stops_the_others()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime(job: "backoffLimit: 0"));
        world.Settle();
        world.Set(world.Pod("node", 0).Ready());
        world.Set(world.Pod("node", 1).Failed());
        world.Settle();
        Assert.StartsWith("Failed=True FailedJobs", world.Conditions().Single(), StringComparison.Ordinal);
        Assert.Equal(["Failed"], world.Pods.Select(pod => pod.Phase));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 3)]
    public void Restarts_in_place_count_towards_the_limit(int limit, int restarts)
    {
        var world = World(runtime: Runtime(job: $"backoffLimit: {limit}"));
        world.Settle();
        world.Set(world.Pod("node").Ready().Restarted("node", restarts - 1));
        world.Settle();
        Assert.Empty(world.Conditions());
        world.Set(world.Pod("node").Restarted("node", restarts));
        world.Settle();
        Assert.StartsWith("Failed=True FailedJobs", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pods_the_cluster_takes_away_do_not_count()
    {
        var world = World(runtime: Runtime(job: "backoffLimit: 0"));
        world.Settle();
        world.Set(world.Pod("node").Evicted());
        world.Settle();
        Assert.Empty(world.Conditions());
        world.Now += TimeSpan.FromSeconds(10);
        world.Settle();
        Assert.Equal(2, world.Created.Count);
    }

    [Fact]
    public void Pod_that_is_being_deleted_holds_its_index()
    {
        var world = World();
        world.Settle();
        var pod = world.Pod("node");
        world.Set(pod.Ready().Terminating());
        world.Settle();
        Assert.Single(world.Created);
        world.Remove(pod.Name);
        world.Settle();
        Assert.Equal(2, world.Created.Count);
        Assert.Empty(world.Conditions());
    }

    [Fact]
    public void Index_that_has_succeeded_is_not_run_again_when_its_pod_is_deleted()
    {
        var world = World("trainer: { numNodes: 2 }");
        world.Settle();
        var done = world.Pod("node", 0);
        world.Set(done.Succeeded());
        world.Settle();
        world.Remove(done.Name);
        world.Settle();
        Assert.Equal(2, world.Created.Count);
        world.Set(world.Pod("node", 1).Succeeded());
        world.Settle();
        Assert.StartsWith("Complete=True", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(42, "Failed=True FailedJobs")]
    [InlineData(7, null)]
    [InlineData(1, null)]
    public void Pod_failure_policy_decides_what_an_exit_code_means(int exitCode, string? condition)
    {
        const string policy = """
            backoffLimit: 1
            podFailurePolicy:
              rules:
                - { action: FailJob, onExitCodes: { containerName: node, operator: In, values: [42] } }
                - { action: Ignore, onExitCodes: { operator: In, values: [7] } }
            """;
        var world = World(runtime: Runtime(job: policy));
        world.Settle();
        world.Set(world.Pod("node").Failed(exitCode));
        world.Settle();
        world.Now += TimeSpan.FromMinutes(1);
        world.Settle();
        Assert.Equal(condition, world.Conditions().SingleOrDefault()?[..(condition?.Length ?? 0)]);
        Assert.Equal(condition is null ? 2 : 1, world.Created.Count);
        if (condition is null)
        {
            world.Set(world.Pod("node").Failed(1));
            world.Settle();
            Assert.Equal(exitCode == 1, world.Conditions().Count == 1);
        }
    }

    [Fact]
    public void Failure_policy_starts_everything_again_so_often()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime(jobSet: "failurePolicy: { maxRestarts: 1 }", job: "backoffLimit: 0"));
        world.Settle();
        var first = world.Pods.Select(pod => pod.Name).ToHashSet();
        world.Set(world.Pod("node", 0).Ready());
        world.Set(world.Pod("node", 1).Failed());

        var decision = world.Decide();
        world.Write(decision);
        Assert.All(decision.Actions, action => Assert.IsType<ClusterAction.DeletePod>(action));
        Assert.Equal(2, decision.Actions.Length);
        foreach (var action in decision.Actions)
        {
            world.Act(action, linger: true);
        }

        world.Settle();
        Assert.Equal(2, world.Created.Count);
        foreach (var name in first)
        {
            world.Remove(name);
        }

        world.Settle();
        Assert.Equal(4, world.Created.Count);
        Assert.All(world.Pods, pod => Assert.Equal("1", pod.Labels["jobset.sigs.k8s.io/restart-attempt"]));
        Assert.DoesNotContain(world.Pods, pod => first.Contains(pod.Name));

        world.Set(world.Pod("node", 0).Failed());
        world.Settle();
        Assert.Equal(["Failed=True ReachedMaxRestarts: jobset failed due to reaching max number of restarts (first failed job: train-node-0)"], world.Conditions());
    }

    [Fact]
    public void Failure_policy_rule_may_fail_at_once_or_restart_one_job_alone()
    {
        const string policy = """
            failurePolicy:
              maxRestarts: 3
              rules:
                - { name: fatal, action: FailJobSet, onJobFailureReasons: [PodFailurePolicy] }
                - { name: alone, action: RestartJob }
            """;
        const string job = "backoffLimit: 0\npodFailurePolicy: { rules: [{ action: FailJob, onExitCodes: { operator: In, values: [42] } }] }";
        var world = World(runtime: Runtime(jobSet: policy, job: job));
        world.Settle();
        world.Set(world.Pod("node").Failed(1));
        world.Settle();
        Assert.Equal("1", world.Pod("node").Labels["jobset.sigs.k8s.io/restart-attempt"]);

        world.Set(world.Pod("node").Failed(42));
        world.Settle();
        Assert.StartsWith("Failed=True FailJobSetFailurePolicyAction", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_of_the_targets_may_be_enough_for_success()
    {
        var world = TrainJobWorld.Of(Job(runtime: "steps"), Steps.Replace("      volumeClaimPolicies:", "      successPolicy: { operator: Any, targetReplicatedJobs: [dataset-initializer, model-initializer] }\n      volumeClaimPolicies:", StringComparison.Ordinal));
        world.Settle();
        world.Set(world.Pod("model-initializer").Succeeded());
        world.Settle();
        Assert.StartsWith("Complete=True", world.Conditions().Single(), StringComparison.Ordinal);
        Assert.Equal(["Succeeded"], world.Pods.Select(pod => pod.Phase));
    }

    [Fact]
    public void Deadline_of_a_step_fails_the_job()
    {
        var world = World(runtime: Runtime(job: "activeDeadlineSeconds: 20"));
        world.Settle();
        Assert.Equal(TrainJobWorld.Start.AddSeconds(20), world.Decide().NextWake);
        world.Now += TimeSpan.FromSeconds(20);
        world.Settle();
        Assert.StartsWith("Failed=True FailedJobs", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Why_pods_wait_is_said_once_for_all_of_them()
    {
        var world = World("trainer: { numNodes: 3 }");
        world.Settle();
        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod with { Conditions = [new ObservedCondition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available", null)] });
        }

        Assert.Equal(["Unschedulable"], world.Settle().Select(said => said.Reason));
        Assert.Empty(world.Settle());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Job_that_is_killed_between_any_two_steps_ends_with_one_set_of_pods(int seed)
    {
        var random = new Random(seed);
        var world = TrainJobWorld.Of(Job("trainer: { numNodes: 3 }", runtime: "steps"), Steps);
        for (var round = 0; round < 3000 && world.Conditions().Count == 0; round++)
        {
            var decision = world.Decide();
            if (random.Next(4) > 0)
            {
                world.Write(decision);
                foreach (var action in decision.Actions.Where(_ => random.Next(3) > 0))
                {
                    world.Act(action, linger: random.Next(2) == 0);
                }
            }

            foreach (var pod in world.Pods.Where(_ => random.Next(4) == 0).ToList())
            {
                Live(world, pod, random.Next(12));
            }

            Assert.All(world.Pods.Where(pod => pod is { Phase: "Pending" or "Running" }).GroupBy(pod => (pod.Labels["job-name"], pod.Labels["batch.kubernetes.io/job-completion-index"])), place => Assert.Single(place));
            world.Now += TimeSpan.FromSeconds(random.Next(5));
        }

        Assert.Single(world.Conditions());
        world.Settle();
        Assert.DoesNotContain(world.Pods, pod => pod is { Phase: "Pending" or "Running", DeletionTime: null });
    }

    private static void Live(TrainJobWorld world, ObservedPod pod, int chance)
    {
        if (pod.Terminating)
        {
            world.Remove(pod.Name);
        }
        else if (pod.Phase is "Pending" or "Running")
        {
            world.Set(chance switch { 0 => pod.Failed(), 1 => pod.Evicted(), 2 => pod.Terminating(), < 7 => pod.Succeeded(), _ => pod.Ready() });
        }
    }
}
