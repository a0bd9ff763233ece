using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class GangSchedulingTests
{
    private const string Manifest = """
        kind: PyTorchJob
        metadata: {name: j, annotations: {team: vision}}
        spec:
          runPolicy:
            schedulingPolicy: {queue: research, priorityClass: high, scheduleTimeoutSeconds: 30}
          pytorchReplicaSpecs:
            Master:
              replicas: 1
              restartPolicy: OnFailure
              template: {spec: {containers: [{name: pytorch, image: x, resources: {requests: {cpu: 500m, memory: 1Gi}}}]}}
            Worker:
              replicas: 3
              restartPolicy: OnFailure
              template: {spec: {containers: [{name: pytorch, image: x, resources: {limits: {cpu: "2", nvidia.com/gpu: "1"}}}, {name: sidecar, image: z}]}}
        """;

    private static readonly TrainingOptions Volcano = new() { GangSchedulerName = "Volcano" };
    private static readonly TrainingOptions Coscheduling = new() { GangSchedulerName = "scheduler-plugins-scheduler" };

    [Fact]
    public void Pods_are_scheduled_one_by_one_unless_asked_otherwise()
    {
        var world = World.Of(Manifest);
        var decision = world.Decide();

        Assert.Empty(decision.Actions.OfType<ClusterAction.Create>());
        Assert.Equal(4, Pods(decision).Count);
        Assert.All(Pods(decision), pod => Assert.Null(pod.Spec.SchedulerName));
    }

    [Fact]
    public void Volcano_group_says_what_the_scheduling_policy_says()
    {
        var group = Assert.Single(World.Of(Manifest, Volcano).Decide().Actions.OfType<ClusterAction.Create>()).Item;

        Assert.Equal(
            """{"apiVersion":"scheduling.volcano.sh/v1beta1","kind":"PodGroup","spec":{"minMember":4,"minResources":{"cpu":"6500m","memory":"1Gi","nvidia.com/gpu":"3"},"queue":"research","priorityClassName":"high"}}""",
            WithoutMetadata(group));
        Assert.Equal(("j", "default", "vision", "PyTorchJob"), (group.Metadata.Name, group.Metadata.NamespaceProperty, group.Metadata.Annotations["team"], group.Metadata.OwnerReferences.Single().Kind));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("Pending", false)]
    [InlineData("Inqueue", true)]
    [InlineData("Running", true)]
    public void Pods_wait_until_Volcano_lets_their_group_in(string phase, bool starts)
    {
        var world = World.Of(Manifest, Volcano);
        world.Settle();
        Assert.Empty(world.Pods);

        SetPhase(world, phase);
        Assert.Equal(starts ? 4 : 0, Pods(world.Decide()).Count);
    }

    [Fact]
    public void Pods_are_members_of_their_Volcano_group()
    {
        var world = World.Of(Manifest, Volcano);
        world.Settle();
        SetPhase(world, "Inqueue");

        Assert.All(Pods(world.Decide()), pod =>
        {
            Assert.Equal("volcano", pod.Spec.SchedulerName);
            Assert.Equal("j", pod.GetAnnotation("scheduling.k8s.io/group-name"));
            Assert.Equal(pod.Name().Contains("master", StringComparison.Ordinal) ? "master" : "worker", pod.GetAnnotation("volcano.sh/task-spec"));
        });
    }

    [Fact]
    public void Coscheduling_group_and_its_pods_are_made_at_once()
    {
        var decision = World.Of(Manifest, Coscheduling).Decide();

        Assert.Equal(
            """{"apiVersion":"scheduling.x-k8s.io/v1alpha1","kind":"PodGroup","spec":{"minMember":4,"minResources":{"cpu":"6500m","memory":"1Gi","nvidia.com/gpu":"3"},"scheduleTimeoutSeconds":30}}""",
            WithoutMetadata(Assert.Single(decision.Actions.OfType<ClusterAction.Create>()).Item));
        Assert.Equal(4, Pods(decision).Count);
        Assert.All(Pods(decision), pod => Assert.Equal(("scheduler-plugins-scheduler", "j"), (pod.Spec.SchedulerName, pod.GetLabel("scheduling.x-k8s.io/pod-group"))));
    }

    [Fact]
    public void Policy_may_ask_for_fewer_members_and_say_their_resources()
    {
        var world = World.Of(Manifest, Volcano);
        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"] = World.ReadYaml("{minAvailable: 2}");
        Assert.Equal("""{"minMember":2,"minResources":{"cpu":"2500m","memory":"1Gi","nvidia.com/gpu":"1"},"queue":"default"}""", Spec(world));

        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"] = World.ReadYaml("{minAvailable: 2, minResources: {cpu: 7}}");
        Assert.Equal("""{"minMember":2,"minResources":{"cpu":"7"},"queue":"default"}""", Spec(world));
    }

    [Fact]
    public void Queue_of_the_group_that_is_there_stays()
    {
        var world = World.Of(Manifest, Volcano);
        world.Settle();
        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"]!["queue"] = "other";

        Assert.DoesNotContain(world.Decide().Actions, action => action is ClusterAction.Update);
    }

    [Fact]
    public void Group_is_written_again_only_when_what_is_wanted_of_it_changed()
    {
        var world = World.Of(Manifest, Volcano);
        world.Settle();
        SetPhase(world, "Running");
        world.Settle();
        world.Job["metadata"]!["annotations"]!["team"] = "speech";
        Assert.DoesNotContain(world.Decide().Actions, action => action is ClusterAction.Update);

        world.Job["spec"]!["pytorchReplicaSpecs"]!["Worker"]!["replicas"] = 5;
        Assert.Equal(6, ((VolcanoPodGroup)Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>()).Item).Spec.MinMember);
    }

    [Fact]
    public void Group_goes_with_a_suspension_and_comes_back_with_the_resumption()
    {
        var world = World.Of(Manifest, Coscheduling);
        world.Settle();
        world.Job["spec"]!["runPolicy"]!["suspend"] = true;
        world.Settle();
        Assert.Empty(world.Children);

        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        world.Settle();
        Assert.Single(world.Children);
    }

    [Fact]
    public void Group_goes_when_the_job_ends()
    {
        var world = World.Of(Manifest, Coscheduling);
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Set(world.Pod("j-master-0").Succeeded("pytorch"));

        Assert.Contains("Job has been terminated. Deleting PodGroup", world.Settle().Select(said => said.Message));
        Assert.True(world.IsTrue("Succeeded"));
        Assert.Empty(world.Children);
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("volcano", null, false)]
    [InlineData("mine", null, true)]
    [InlineData("mine", "mine", true)]
    public void Other_scheduler_of_a_template_is_kept_and_warned_of_once(string? master, string? worker, bool warns)
    {
        var world = World.Of(Manifest, Volcano);
        foreach (var (role, scheduler) in new[] { ("Master", master), ("Worker", worker) })
        {
            world.Job["spec"]!["pytorchReplicaSpecs"]![role]!["template"]!["spec"]!["schedulerName"] = scheduler;
        }

        world.Settle();
        SetPhase(world, "Inqueue");
        Assert.Equal(master ?? "volcano", Pods(world.Decide())[0].Spec.SchedulerName);
        Assert.Equal(warns ? 1 : 0, world.Settle().Count(said => said is { Type: "Warning", Reason: "SetPodTemplateSchedulerName" }));
    }

    [Theory]
    [InlineData("volcano", "", "volcano")]
    [InlineData("none", "volcano", null)]
    [InlineData("coscheduler", "volcano", "coscheduler")]
    [InlineData(null, "volcano", "volcano")]
    public void Job_chooses_its_scheduler_before_the_operator(string? annotation, string option, string? expected)
    {
        var world = World.Of(Manifest, new TrainingOptions { GangSchedulerName = option });
        if (annotation is not null)
        {
            world.Job["metadata"]!["annotations"]![JobAnnotations.GangSchedulerName] = annotation;
        }

        var kind = world.Decide().Actions.OfType<ClusterAction.Create>().Select(action => ChildKind.Of(action.Item)).SingleOrDefault();
        Assert.Equal(expected is null ? null : new GangScheduler(expected).PodGroupKind, kind);
    }

    [Fact]
    public void Nothing_is_made_in_a_cluster_without_the_definition_and_it_is_tried_again_soon()
    {
        var world = World.Of(Manifest, Volcano);
        world.UnknownKinds.Add(ChildKind.Of<VolcanoPodGroup>());
        world.Settle();
        Assert.Empty(world.Pods);
        Assert.Empty(world.Children);
        Assert.Equal(world.Now.AddMinutes(1), world.Decide().NextWake);

        world.UnknownKinds.Clear();
        world.Settle();
        Assert.Single(world.Children);
    }

    [Fact]
    public void Gang_does_not_wait_for_its_leader_to_be_ready()
    {
        var world = World.Of(Manifest, new TrainingOptions { GangSchedulerName = "coscheduler", PyTorchMasterWait = MasterWait.Gate });

        var pods = Pods(world.Decide());
        Assert.Equal(4, pods.Count);
        Assert.Equal(3, pods.Count(pod => pod.Spec.InitContainers?.Count == 1));
    }

    private static List<V1Pod> Pods(Decision decision) => [.. decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod)];

    private static void SetPhase(World world, string phase)
    {
        var group = world.Children.Single();
        var content = JsonSerializer.SerializeToNode(group.Content)!.AsObject();
        content["status"] = new JsonObject { ["phase"] = phase };
        world.Set(group with { Content = JsonSerializer.SerializeToElement(content) });
    }

    private static string Spec(World world) => WithoutMetadata(world.Decide().Actions.OfType<ClusterAction.Create>().Single().Item, specOnly: true);

    private static string WithoutMetadata(IKubernetesObject<V1ObjectMeta> item, bool specOnly = false)
    {
        var node = JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
        node.Remove("metadata");
        return specOnly ? node["spec"]!.ToJsonString() : node.ToJsonString();
    }
}
