using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Kubeflow.Orleans.Kubernetes;
using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobGangTests
{
    private const string Resources = "image: x\nresources: { requests: { cpu: 500m }, limits: { memory: 1Gi } }";
    private const string Volcano = "volcano: { networkTopology: { mode: soft, highestTierAllowed: 2 } }";
    private const string Coscheduling = "coscheduling: { scheduleTimeoutSeconds: 30 }";

    [Theory]
    [InlineData(Coscheduling, """{"minMember":100,"minResources":{"cpu":"50","memory":"100Gi"},"scheduleTimeoutSeconds":30}""")]
    [InlineData("coscheduling: {}", """{"minMember":100,"minResources":{"cpu":"50","memory":"100Gi"},"scheduleTimeoutSeconds":60}""")]
    [InlineData(Volcano, """{"minMember":100,"minResources":{"cpu":"50","memory":"100Gi"},"networkTopology":{"mode":"soft","highestTierAllowed":2}}""")]
    [InlineData("volcano: {}", """{"minMember":100,"minResources":{"cpu":"50","memory":"100Gi"}}""")]
    public void Group_counts_all_nodes_and_what_they_request(string policy, string spec)
    {
        var world = Ganged(policy, "trainer: { numNodes: 100 }", Runtime(container: Resources));
        world.Settle();

        var group = Group(world);
        Assert.Equal(("train", "default", "TrainJob", true), (group.Metadata.Name, group.Metadata.NamespaceProperty, group.Metadata.OwnerReferences.Single().Kind, group.Metadata.OwnerReferences.Single().Controller == true));
        Assert.Equal(spec, Spec(group));
    }

    [Fact]
    public void Steps_that_run_side_by_side_with_the_nodes_count()
    {
        var world = Ganged(Coscheduling, "trainer: { numNodes: 100 }", Steps.Replace("          dependsOn: [{ name: dataset-initializer, status: Complete }, { name: model-initializer, status: Complete }]\n", "", StringComparison.Ordinal), "steps");
        world.Settle();

        Assert.Contains("\"minMember\":102", Spec(Group(world)), StringComparison.Ordinal);
        Assert.All(world.Created, pod => Assert.Equal("train", pod.GetLabel("scheduling.x-k8s.io/pod-group")));
    }

    [Theory]
    [InlineData("Complete")]
    [InlineData("Ready")]
    public void Steps_that_run_before_the_nodes_are_no_members_or_both_would_wait_for_each_other(string status)
    {
        var world = Ganged(Coscheduling, "trainer: { numNodes: 3 }", Steps.Replace("status: Complete", $"status: {status}", StringComparison.Ordinal), "steps");
        world.Settle();

        Assert.Contains("\"minMember\":3", Spec(Group(world)), StringComparison.Ordinal);
        Assert.Equal(["dataset-initializer", "model-initializer"], world.Created.Select(pod => pod.GetLabel("jobset.sigs.k8s.io/replicatedjob-name")));
        Assert.All(world.Created, pod => Assert.Null(pod.GetLabel("scheduling.x-k8s.io/pod-group")));

        foreach (var step in new[] { "dataset-initializer", "model-initializer" })
        {
            world.Set(world.Pod(step).Succeeded());
        }

        world.Settle();
        Assert.Equal(3, world.Created.Count(pod => pod.GetLabel("scheduling.x-k8s.io/pod-group") == "train"));
    }

    [Fact]
    public void Launcher_that_waits_for_its_nodes_joins_a_group_that_does_not_wait_for_it()
    {
        var runtime = BuiltIn("deepspeed-distributed");
        runtime["spec"]!["podGroupPolicy"] = Training.World.ReadYaml($"{{ {Coscheduling} }}");
        var world = new TrainJobWorld(Training.World.ReadYaml(Job("trainer: { numNodes: 4 }", "deepspeed-distributed")), runtime);
        world.Settle();
        Assert.Contains("\"minMember\":3", Spec(Group(world)), StringComparison.Ordinal);

        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod.Ready());
        }

        world.Settle();
        Assert.Equal(4, world.Created.Count(pod => pod.GetLabel("scheduling.x-k8s.io/pod-group") == "train"));
    }

    [Fact]
    public void Volcano_pods_name_their_group_and_the_group_its_queue_and_class()
    {
        var runtime = Runtime(container: "image: x").Replace("  template:\n    spec:", "  template:\n    metadata: { annotations: { scheduling.volcano.sh/queue-name: research } }\n    spec:", StringComparison.Ordinal)
            .Replace("containers:", "priorityClassName: high\n                  containers:", StringComparison.Ordinal);
        var world = Ganged(Volcano, "trainer: { numNodes: 2 }", runtime);
        world.Settle();

        Assert.All(world.Created, pod => Assert.Equal(("train", null), (pod.GetAnnotation("scheduling.k8s.io/group-name"), pod.Spec.SchedulerName)));
        Assert.Equal("""{"minMember":2,"minResources":{},"queue":"research","priorityClassName":"high","networkTopology":{"mode":"soft","highestTierAllowed":2}}""", Spec(Group(world)));
    }

    [Theory]
    [InlineData("volcano", Volcano, "volcano")]
    [InlineData("volcano", Coscheduling, null)]
    [InlineData("coscheduler", Coscheduling, "coscheduler")]
    [InlineData("coscheduler", Volcano, null)]
    public void Scheduler_set_for_all_jobs_is_given_to_pods_of_its_kind_of_group(string option, string policy, string? scheduler)
    {
        var world = Ganged(policy, options: new TrainingOptions { GangSchedulerName = option });
        world.Settle();
        Assert.Equal(scheduler, Assert.Single(world.Created).Spec.SchedulerName);
    }

    [Fact]
    public void Resources_of_a_pod_are_those_of_its_containers_or_of_the_step_before_that_needs_more()
    {
        var world = Ganged("coscheduling: {}", runtime: Runtime(container: "image: x\nresources: { requests: { cpu: 1 } }").Replace(
            "containers:",
            "overhead: { memory: 1Mi }\n                  initContainers: [{ name: side, image: x, restartPolicy: Always, resources: { requests: { cpu: 1 } } }, { name: prepare, image: x, resources: { requests: { cpu: 3, memory: 1Mi } } }]\n                  containers:",
            StringComparison.Ordinal));
        world.Settle();
        Assert.Equal("""{"cpu":"3","memory":"2Mi"}""", JsonNode.Parse(Spec(Group(world)))!["minResources"]!.ToJsonString());
    }

    [Fact]
    public void Runtime_without_a_policy_has_no_group()
    {
        var world = World();
        world.Settle();
        Assert.DoesNotContain(world.CreatedChildren, child => child.Kind == "PodGroup");
    }

    [Fact]
    public void Job_may_decline()
    {
        var job = TrainJobManifests.Job().Replace("namespace: default", $"namespace: default, annotations: {{ {JobAnnotations.GangSchedulerName}: none }}", StringComparison.Ordinal);
        var world = TrainJobWorld.Of(job, WithPolicy(Runtime(), Coscheduling));
        world.Settle();
        Assert.Empty(world.CreatedChildren);
        Assert.Null(Assert.Single(world.Created).GetLabel("scheduling.x-k8s.io/pod-group"));
    }

    [Fact]
    public void Group_is_untouched_while_the_job_runs_and_made_right_while_it_is_suspended()
    {
        var world = Ganged(Coscheduling, "trainer: { numNodes: 2 }");
        world.Settle();
        world.Rewrite("train", text => text.Replace("\"minMember\":2", "\"minMember\":1", StringComparison.Ordinal));
        Assert.Empty(world.Decide().Actions);

        world.Job["spec"]!["suspend"] = true;
        world.Settle();
        Assert.Empty(world.Pods);
        Assert.Equal(2, world.Children.Single().Content.GetProperty("spec").GetProperty("minMember").GetInt32());
    }

    [Fact]
    public void Group_is_there_before_a_suspended_job_runs()
    {
        var world = Ganged(Coscheduling, "suspend: true");
        world.Settle();
        Assert.Empty(world.Created);
        Assert.Equal("PodGroup", Assert.Single(world.CreatedChildren).Kind);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Group_of_a_failed_job_leaves_its_queue(bool succeeds, int groups)
    {
        var world = Ganged(Coscheduling, runtime: Runtime(job: "backoffLimit: 0"));
        world.Settle();
        world.Set(succeeds ? world.Pod("node").Succeeded() : world.Pod("node").Failed());
        world.Settle();
        Assert.Equal(groups, world.Children.Count);
    }

    [Fact]
    public void Where_the_cluster_has_no_groups_the_job_waits_and_says_why()
    {
        var world = Ganged(Volcano);
        world.UnknownKinds.Add(ChildKind.Of<VolcanoPodGroup>());
        var events = world.Settle();

        Assert.Empty(world.Created);
        Assert.Empty(world.CreatedChildren);
        Assert.Single(events, said => said is { Type: "Warning", Reason: "GangSchedulerMissing" } && said.Message.Contains("scheduling.volcano.sh/v1beta1", StringComparison.Ordinal));
        Assert.Equal(world.Now.AddMinutes(1), world.Decide().NextWake);
        Assert.Empty(world.Conditions());

        world.UnknownKinds.Clear();
        world.Settle();
        Assert.Single(world.Created);
        Assert.Equal("PodGroup", Assert.Single(world.CreatedChildren).Kind);
    }

    private static TrainJobWorld Ganged(string policy, string spec = "", string? runtime = null, string name = "test", TrainingOptions? options = null) =>
        new(Training.World.ReadYaml(Job(spec, name)), Training.World.ReadYaml(WithPolicy(runtime ?? Runtime(), policy)))
        {
            Machine = TrainerFamily.StateMachines(options ?? new TrainingOptions()).Single(),
        };

    private static string WithPolicy(string runtime, string policy) => runtime.Replace("  mlPolicy:", $"  podGroupPolicy: {{ {policy} }}\n  mlPolicy:", StringComparison.Ordinal);

    private static IKubernetesObject<V1ObjectMeta> Group(TrainJobWorld world) => Assert.Single(world.CreatedChildren, child => child.Kind == "PodGroup");

    private static string Spec(IKubernetesObject<V1ObjectMeta> group) => JsonNode.Parse(KubernetesJson.Serialize(group))!["spec"]!.ToJsonString();
}
