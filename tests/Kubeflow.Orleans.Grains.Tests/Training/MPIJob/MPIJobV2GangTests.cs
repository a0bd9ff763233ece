using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.MPIJob;

public sealed class MPIJobV2GangTests
{
    private const string Yaml = """
        apiVersion: kubeflow.org/v2beta1
        kind: MPIJob
        metadata: {name: pi, annotations: {scheduling.volcano.sh/queue-name: shared}}
        spec:
          runPolicy:
            cleanPodPolicy: Running
            schedulingPolicy: {queue: research, priorityClass: high, scheduleTimeoutSeconds: 30}
          mpiReplicaSpecs:
            Launcher:
              template: {spec: {priorityClassName: front, schedulerName: mine, containers: [{name: launch, image: mpi, resources: {requests: {cpu: 500m}, limits: {cpu: "1", memory: 1Gi}}}]}}
            Worker:
              replicas: 2
              template: {spec: {priorityClassName: back, containers: [{name: work, image: mpi, resources: {requests: {cpu: "2"}, limits: {nvidia.com/gpu: "1"}}}]}}
        """;

    private static readonly TrainingOptions Volcano = new() { GangSchedulerName = "volcano" };
    private static readonly TrainingOptions Coscheduling = new() { GangSchedulerName = "coscheduler" };

    [Fact]
    public void Volcano_group_counts_launcher_and_workers_and_says_what_the_policy_says() => Assert.Equal(
        """{"minMember":3,"minResources":{"cpu":"4500m","memory":"1Gi","nvidia.com/gpu":"2"},"queue":"research","priorityClassName":"high"}""",
        Spec(World.Of(Yaml, Volcano)));

    [Fact]
    public void Coscheduling_group_has_a_timeout_and_no_queue()
    {
        var world = World.Of(Yaml, Coscheduling);
        Assert.Equal("""{"minMember":3,"minResources":{"cpu":"4500m","memory":"1Gi","nvidia.com/gpu":"2"},"scheduleTimeoutSeconds":30}""", Spec(world));

        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"] = null;
        Assert.Contains("\"scheduleTimeoutSeconds\":0", Spec(world), StringComparison.Ordinal);
    }

    [Fact]
    public void Group_is_the_jobs_own_and_has_its_name()
    {
        var metadata = Group(World.Of(Yaml, Volcano).Decide()).Metadata;
        Assert.Equal(("pi", "MPIJob", "kubeflow.org/v2beta1"), (metadata.Name, metadata.OwnerReferences.Single().Kind, metadata.OwnerReferences.Single().ApiVersion));
    }

    [Theory]
    [InlineData("{minAvailable: 2}", """{"minMember":2,"minResources":{"cpu":"2500m","memory":"1Gi","nvidia.com/gpu":"1"},"queue":"shared","priorityClassName":"front"}""")]
    [InlineData("{minResources: {cpu: 7}}", """{"minMember":3,"minResources":{"cpu":"7"},"queue":"shared","priorityClassName":"front"}""")]
    public void What_the_policy_leaves_out_comes_from_the_job(string policy, string spec)
    {
        var world = World.Of(Yaml, Volcano);
        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"] = World.ReadYaml(policy);
        Assert.Equal(spec, Spec(world));
    }

    [Fact]
    public void Class_of_the_workers_counts_where_the_launcher_has_none_and_no_queue_is_Volcanos_choice()
    {
        var world = World.Of(Yaml.Replace("priorityClassName: front, ", "", StringComparison.Ordinal).Replace(", annotations: {scheduling.volcano.sh/queue-name: shared}", "", StringComparison.Ordinal), Volcano);
        world.Job["spec"]!["runPolicy"]!["schedulingPolicy"] = null;

        Assert.Equal("""{"minMember":3,"minResources":{"cpu":"4500m","memory":"1Gi","nvidia.com/gpu":"2"},"priorityClassName":"back"}""", Spec(world));
    }

    [Fact]
    public void Launcher_and_workers_join_the_group_and_leave_other_schedulers()
    {
        foreach (var template in Templates(World.Of(Yaml, Volcano).Decide()))
        {
            Assert.Equal(("volcano", "pi"), (template.Scheduler, template.Metadata.Annotations["scheduling.k8s.io/group-name"]));
        }

        foreach (var template in Templates(World.Of(Yaml, Coscheduling).Decide()))
        {
            Assert.Equal(("coscheduler", "pi"), (template.Scheduler, template.Metadata.Labels["scheduling.x-k8s.io/pod-group"]));
        }
    }

    [Fact]
    public void Nobody_joins_a_group_unasked()
    {
        var decision = World.Of(Yaml).Decide();

        Assert.DoesNotContain(decision.Actions.OfType<ClusterAction.Create>(), action => action.Item.Kind == "PodGroup");
        Assert.Equal(["mine", null, null], Templates(decision).Select(template => template.Scheduler));
    }

    [Fact]
    public void Group_follows_the_number_of_workers()
    {
        var world = World.Of(Yaml, Coscheduling);
        world.Settle();
        Assert.Empty(world.Decide().Actions);

        world.Job["spec"]!["mpiReplicaSpecs"]!["Worker"]!["replicas"] = 4;
        Assert.Equal(5, Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>().Select(action => action.Item).OfType<CoschedulingPodGroup>()).Spec.MinMember);
    }

    [Fact]
    public void Group_goes_with_a_suspension_and_comes_back_with_the_resumption()
    {
        var world = World.Of(Yaml, Coscheduling);
        world.Settle();
        world.Job["spec"]!["runPolicy"]!["suspend"] = true;
        Assert.Equal("PodGroup pi", Assert.Single(world.Decide().Actions.OfType<ClusterAction.Delete>().Select(action => $"{action.Kind.Kind} {action.Name}")));

        world.Act(world.Decide().Actions.OfType<ClusterAction.Delete>().Single());
        Assert.DoesNotContain(world.Decide().Actions.OfType<ClusterAction.Create>(), action => action.Item.Kind == "PodGroup");
        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        Assert.Equal("pi", Group(world.Decide()).Metadata.Name);
    }

    [Theory]
    [InlineData("Running", 0)]
    [InlineData("All", 0)]
    [InlineData("None", 1)]
    public void Group_stays_after_the_end_only_where_workers_do(string policy, int groups)
    {
        var world = World.Of(Yaml.Replace("cleanPodPolicy: Running", $"cleanPodPolicy: {policy}", StringComparison.Ordinal), Coscheduling);
        world.Settle();
        Complete(world);
        world.Settle();

        Assert.Equal(groups, world.Children.Count(child => child.Kind.Kind == "PodGroup"));
    }

    [Fact]
    public void Where_the_cluster_has_no_groups_the_job_waits_and_says_why()
    {
        var world = World.Of(Yaml, Volcano);
        world.UnknownKinds.Add(ChildKind.Of<VolcanoPodGroup>());
        var events = world.Settle();

        Assert.Empty(world.Pods);
        Assert.DoesNotContain(world.Children, child => child.Kind.Kind is "Job" or "PodGroup");
        Assert.Equal(["PodsPending=True GangSchedulerMissing", "Created=True MPIJobCreated"], world.Conditions());
        Assert.Single(events, said => said is { Type: "Warning", Reason: "GangSchedulerMissing" });
        Assert.Equal(world.Now.AddMinutes(1), world.Decide().NextWake);

        world.UnknownKinds.Clear();
        world.Settle();
        Assert.Equal(2, world.Pods.Count);
        Assert.Equal(["Created=True MPIJobCreated"], world.Conditions());
        Assert.Contains(world.Children, child => child.Kind.Kind == "Job");
    }

    [Fact]
    public void Processes_of_a_job_that_reports_know_where_to_and_the_token_goes_with_the_end()
    {
        var server = new ProgressServer(ProgressToken.KeyFrom("secret"), "PEM") { Address = new Uri("https://127.0.0.1:8443") };
        var world = World.Of(Yaml.Replace("annotations: {", $"annotations: {{{JobAnnotations.Progress}: {JobAnnotations.Report}, ", StringComparison.Ordinal), new TrainingOptions { ProgressServer = server });

        Assert.All(PodSpecs(world.Decide()), pod =>
        {
            Assert.Equal("https://127.0.0.1:8443/apis/kubeflow.org/v2beta1/namespaces/default/mpijobs/pi/progress", pod.Containers[0].Env.Single(variable => variable.Name == "KUBEFLOW_TRAINER_SERVER_URL").Value);
            Assert.Contains(pod.Volumes, volume => volume.Secret?.SecretName == "pi-progress");
        });
        world.Settle();
        Assert.Contains(world.Children, child => child.Name == "pi-progress");
        Complete(world);
        world.Settle();
        Assert.DoesNotContain(world.Children, child => child.Name == "pi-progress");
        Assert.Contains(world.Children, child => child.Name == "pi-ssh");
    }

    [Fact]
    public void Job_that_does_not_report_gets_no_token()
    {
        var server = new ProgressServer(ProgressToken.KeyFrom("secret"), "PEM") { Address = new Uri("https://127.0.0.1:8443") };
        var decision = World.Of(Yaml, new TrainingOptions { ProgressServer = server }).Decide();

        Assert.DoesNotContain(decision.Actions.OfType<ClusterAction.Create>(), action => action.Item.Metadata.Name == "pi-progress");
        Assert.All(PodSpecs(decision), pod => Assert.DoesNotContain(pod.Containers[0].Env, variable => variable.Name.StartsWith("KUBEFLOW", StringComparison.Ordinal)));
    }

    private static IKubernetesObject<V1ObjectMeta> Group(Decision decision) => Assert.Single(decision.Actions.OfType<ClusterAction.Create>(), action => action.Item.Kind == "PodGroup").Item;

    private static string Spec(World world) => JsonNode.Parse(KubernetesJson.Serialize(Group(world.Decide())))!["spec"]!.ToJsonString();

    private static V1Job Launcher(Decision decision) => decision.Actions.OfType<ClusterAction.Create>().Select(action => action.Item).OfType<V1Job>().Single();

    /// <summary>The launcher's first.</summary>
    private static List<(V1ObjectMeta Metadata, string? Scheduler)> Templates(Decision decision) =>
    [
        (Launcher(decision).Spec.Template.Metadata, Launcher(decision).Spec.Template.Spec.SchedulerName),
        .. decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => (action.Pod.Metadata, (string?)action.Pod.Spec.SchedulerName)),
    ];

    private static List<V1PodSpec> PodSpecs(Decision decision) => [Launcher(decision).Spec.Template.Spec, .. decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod.Spec)];

    private static void Complete(World world)
    {
        var launcher = world.Children.Single(child => child.Kind.Kind == "Job");
        var content = JsonNode.Parse(launcher.Content.GetRawText())!;
        content["status"] = JsonNode.Parse("""{"conditions": [{"type": "Complete", "status": "True"}]}""");
        world.Set(launcher with { Content = System.Text.Json.JsonSerializer.SerializeToElement(content) });
    }
}
