using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Kubernetes;
using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobIndexTests
{
    [Fact]
    public void Index_that_has_failed_too_often_is_given_up_and_the_others_run_to_their_end()
    {
        var world = Running("backoffLimitPerIndex: 1", nodes: 3);
        Assert.All(world.Created, pod => Assert.Equal("Never", pod.Spec.RestartPolicy));

        Fail(world, 1);
        Assert.Equal(4, world.Created.Count);
        Fail(world, 1);
        Assert.Equal(4, world.Created.Count);
        Assert.Empty(world.Conditions());

        Succeed(world, 0);
        Assert.Empty(world.Conditions());
        Succeed(world, 2);
        Assert.Equal(["Failed=True FailedJobs: jobset failed due to one or more job failures (first failed job: train-node-0)"], world.Conditions());
        Assert.Equal("0/0/1/0/0", world.Counts("node"));
    }

    [Fact]
    public void Failures_of_one_index_do_not_use_up_the_tries_of_another()
    {
        var world = Running("backoffLimitPerIndex: 1", nodes: 8);
        for (var index = 0; index < 8; index++)
        {
            Fail(world, index);
        }

        Assert.Empty(world.Conditions());
        Assert.Equal(16, world.Created.Count);
    }

    [Fact]
    public void Limit_of_the_whole_job_holds_beside_those_of_its_indexes()
    {
        var world = Running("backoffLimitPerIndex: 5\nbackoffLimit: 1", nodes: 2);
        Fail(world, 0);
        Assert.Empty(world.Conditions());
        Fail(world, 1);
        Assert.StartsWith("Failed=True FailedJobs", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public void More_lost_indexes_than_allowed_end_the_job_at_once(int allowed, int lost)
    {
        var world = Running($"backoffLimitPerIndex: 0\nmaxFailedIndexes: {allowed}", nodes: 4);
        for (var index = 0; index < lost; index++)
        {
            Assert.Empty(world.Conditions());
            Fail(world, index);
        }

        Assert.StartsWith("Failed=True FailedJobs", world.Conditions().Single(), StringComparison.Ordinal);
        Assert.DoesNotContain(world.Pods, pod => pod.Phase is "Running" or "Pending");
    }

    [Theory]
    [InlineData(42, 2)]
    [InlineData(7, 3)]
    public void Pod_failure_policy_may_give_up_an_index_at_once(int exitCode, int pods)
    {
        var world = Running("backoffLimitPerIndex: 3\npodFailurePolicy: { rules: [{ action: FailIndex, onExitCodes: { operator: In, values: [42] } }] }", nodes: 2);
        Fail(world, 0, exitCode);
        Assert.Equal(pods, world.Created.Count);
        Assert.Empty(world.Conditions());

        Succeed(world, 1);
        Assert.Equal(exitCode == 42 ? 1 : 0, world.Conditions().Count);
    }

    [Fact]
    public void Pods_the_cluster_takes_away_are_not_counted_against_their_index()
    {
        var world = Running("backoffLimitPerIndex: 0", nodes: 2);
        world.Set(world.Pod("node", 0).Evicted());
        Later(world);
        Assert.Equal(3, world.Created.Count);
        Succeed(world, 0);
        Succeed(world, 1);
        Assert.StartsWith("Complete=True", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_policy_of_the_whole_may_follow_from_lost_indexes()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime(
            jobSet: "failurePolicy: { maxRestarts: 3, rules: [{ name: lost, action: FailJobSet, onJobFailureReasons: [FailedIndexes] }] }", job: "backoffLimitPerIndex: 0"));
        world.Settle();
        Fail(world, 0);
        Succeed(world, 1);
        Assert.StartsWith("Failed=True FailJobSetFailurePolicyAction", world.Conditions().Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("succeededIndexes: '0'", new[] { 0 }, new[] { 1, 2 })]
    [InlineData("succeededIndexes: '0,2-3'", new[] { 0, 2, 3 }, new[] { 1, 0, 3 })]
    [InlineData("succeededCount: 2", new[] { 1, 3 }, new[] { 2 })]
    [InlineData("succeededIndexes: '1-3', succeededCount: 1", new[] { 2 }, new[] { 0 })]
    public void Success_policy_says_which_indexes_are_enough(string rule, int[] enough, int[] tooFew)
    {
        foreach (var (indexes, complete) in new[] { (enough, true), (tooFew, false) })
        {
            var world = Running($"successPolicy: {{ rules: [{{ {rule} }}] }}", nodes: 4);
            foreach (var index in indexes)
            {
                Assert.Empty(world.Conditions());
                Succeed(world, index);
            }

            Assert.Equal(complete ? ["Complete=True AllJobsCompleted: jobset completed successfully"] : Array.Empty<string>(), world.Conditions());
            Assert.Equal(complete ? 0 : 4 - indexes.Length, world.Pods.Count(pod => pod.Phase is not "Succeeded"));
        }
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("0,2-4,9", true)]
    [InlineData("", false)]
    [InlineData("2,1", false)]
    [InlineData("1-1", false)]
    [InlineData("1-3,3", false)]
    [InlineData("a", false)]
    [InlineData("1-2-3", false)]
    public void Indexes_are_written_ascending(string text, bool valid) => Assert.Equal(valid, IndexPolicies.ReadRanges(text) is not null);

    private static TrainJobWorld Running(string job, int nodes)
    {
        var world = World($"trainer: {{ numNodes: {nodes} }}", Runtime(job: job));
        world.Settle();
        return world;
    }

    private static void Fail(TrainJobWorld world, int index, int exitCode = 1)
    {
        world.Set(world.Pod("node", index).Failed(exitCode));
        Later(world);
    }

    private static void Succeed(TrainJobWorld world, int index)
    {
        world.Set(world.Pod("node", index).Succeeded());
        Later(world);
    }

    /// <summary>When every delay is over.</summary>
    private static void Later(TrainJobWorld world)
    {
        world.Settle();
        world.Now += TimeSpan.FromMinutes(10);
        world.Settle();
    }
}
