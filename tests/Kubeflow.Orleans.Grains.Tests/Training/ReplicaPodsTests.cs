using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class ReplicaPodsTests
{
    private const string Rich = """
        apiVersion: kubeflow.org/v1
        kind: PyTorchJob
        metadata: {name: j, namespace: team, uid: job-uid, labels: {of: job}}
        spec:
          pytorchReplicaSpecs:
            Master:
              replicas: 1
              restartPolicy: ExitCode
              template:
                metadata:
                  labels: {app: train, training.kubeflow.org/job-name: stolen}
                  annotations: {note: kept}
                spec:
                  restartPolicy: Always
                  nodeSelector: {gpu: "yes"}
                  containers:
                  - name: side
                    image: side:1
                    env: [{name: RANK, value: mine}]
                  - name: pytorch
                    image: train:1
                    ports: [{name: metrics, containerPort: 9090}]
            Worker:
              replicas: 2
              template:
                spec:
                  initContainers: [{name: fetch, image: fetch:1}]
                  containers:
                  - {name: pytorch, image: train:1, ports: [{name: pytorchjob-port, containerPort: 4000}]}
        """;

    [Fact]
    public void Pod_is_the_template_with_the_jobs_labels_over_its_own()
    {
        var pod = Pods(World.Of(Rich))["j-master-0"];
        Assert.Equal("team", pod.Namespace());
        Assert.Equal("yes", pod.Spec.NodeSelector["gpu"]);
        Assert.Equal(["note"], pod.Annotations().Keys);
        Assert.Equal(
            [
                "app=train", "kubeflow-orleans.dev/managed-by=kubeflow-orleans", "kubeflow-orleans.dev/owner-resource=pytorchjobs.kubeflow.org", "kubeflow-orleans.dev/owner-uid=job-uid",
                $"kubeflow-orleans.dev/shard={Core.StableHash.Shard("job-uid")}", "training.kubeflow.org/job-name=j", "training.kubeflow.org/job-role=master",
                "training.kubeflow.org/operator-name=pytorchjob-controller", "training.kubeflow.org/replica-index=0", "training.kubeflow.org/replica-type=master",
            ],
            pod.Labels().Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Pod_and_service_are_controlled_by_the_job()
    {
        var actions = World.Of(Rich).Decide().Actions;
        var owners = actions.OfType<ClusterAction.CreatePod>().SelectMany(action => action.Pod.OwnerReferences())
            .Concat(actions.OfType<ClusterAction.CreateService>().SelectMany(action => action.Service.OwnerReferences())).ToList();

        Assert.Equal(6, owners.Count);
        Assert.All(owners, owner => Assert.Equal(("kubeflow.org/v1", "PyTorchJob", "j", "job-uid", true, true), (owner.ApiVersion, owner.Kind, owner.Name, owner.Uid, owner.Controller == true, owner.BlockOwnerDeletion == true)));
    }

    [Fact]
    public void Variables_are_appended_to_every_container_behind_the_authors_own()
    {
        var pod = Pods(World.Of(Rich))["j-master-0"];
        Assert.All(pod.Spec.Containers, container => Assert.Contains(container.Env, variable => variable is { Name: "MASTER_PORT", Value: "23456" }));
        Assert.Equal(["mine", "0"], pod.Spec.Containers[0].Env.Where(variable => variable.Name == "RANK").Select(variable => variable.Value));
        Assert.Null(Pods(World.Of(Rich))["j-worker-0"].Spec.InitContainers[0].Env);
    }

    [Fact]
    public void Port_is_added_to_the_frameworks_container_where_none_has_its_name()
    {
        var pods = Pods(World.Of(Rich));
        Assert.Equal([("metrics", 9090), ("pytorchjob-port", 23456)], pods["j-master-0"].Spec.Containers[1].Ports.Select(port => (port.Name, port.ContainerPort)));
        Assert.Null(pods["j-master-0"].Spec.Containers[0].Ports);
        Assert.Equal([("pytorchjob-port", 4000)], pods["j-worker-1"].Spec.Containers[0].Ports.Select(port => (port.Name, port.ContainerPort)));
    }

    [Fact]
    public void Service_is_headless_and_selects_the_one_pod()
    {
        var services = World.Of(Rich).Decide().Actions.OfType<ClusterAction.CreateService>().ToDictionary(action => action.Service.Name(), action => action.Service);
        Assert.Equal(["j-master-0", "j-worker-0", "j-worker-1"], services.Keys.Order(StringComparer.Ordinal));

        var service = services["j-master-0"];
        Assert.Equal("None", service.Spec.ClusterIP);
        Assert.Null(service.Spec.PublishNotReadyAddresses);
        Assert.Equal([("metrics", 9090), ("pytorchjob-port", 23456)], service.Spec.Ports.Select(port => (port.Name, port.Port)));
        Assert.Equal(
            ["training.kubeflow.org/job-name=j", "training.kubeflow.org/operator-name=pytorchjob-controller", "training.kubeflow.org/replica-index=0", "training.kubeflow.org/replica-type=master"],
            service.Spec.Selector.Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ExitCode", "Never")]
    [InlineData("Never", "Never")]
    [InlineData("Always", "Always")]
    [InlineData("OnFailure", "OnFailure")]
    [InlineData("", "Never")]
    public void Restart_policy_of_the_replica_becomes_the_pods(string replica, string pod)
    {
        var world = World.Of($"{{kind: TFJob, metadata: {{name: j}}, spec: {{tfReplicaSpecs: {{Worker: {{restartPolicy: '{replica}', template: {{spec: {{containers: [{{name: tensorflow, image: x}}]}}}}}}}}}}}}");
        Assert.Equal(pod, Pods(world)["j-worker-0"].Spec.RestartPolicy);
    }

    [Fact]
    public void Restart_policy_in_the_template_is_warned_of_once()
    {
        var world = World.Of(Rich);
        Assert.Single(world.Settle(), said => said.Reason == "SetPodTemplateRestartPolicy");

        world.Remove("j-master-0");
        Assert.DoesNotContain(world.Settle(), said => said.Reason == "SetPodTemplateRestartPolicy");
        Assert.Equal(2, world.Creations.Count(name => name == "j-master-0"));
    }

    [Fact]
    public void Worker_waits_for_the_master_in_an_init_container_behind_the_authors_own()
    {
        var options = new TrainingOptions { PyTorchInitContainerImage = "registry/wait:1", PyTorchInitContainerMaximumTries = 7 };
        var containers = Pods(World.Of(Rich, options))["j-worker-0"].Spec.InitContainers;
        Assert.Equal(["fetch", "init-pytorch"], containers.Select(container => container.Name));

        var wait = containers[1];
        Assert.Equal(("registry/wait:1", "IfNotPresent"), (wait.Image, wait.ImagePullPolicy));
        Assert.Equal(["100m", "20Mi", "50m", "10Mi"], [wait.Resources.Limits["cpu"].ToString(), wait.Resources.Limits["memory"].ToString(), wait.Resources.Requests["cpu"].ToString(), wait.Resources.Requests["memory"].ToString()]);
        Assert.Equal(["sh", "-c"], wait.Command.Take(2));
        Assert.Contains("nslookup j-master-0", wait.Command[2], StringComparison.Ordinal);
        Assert.Contains("-ge 7", wait.Command[2], StringComparison.Ordinal);
        Assert.Null(Pods(World.Of(Rich))["j-master-0"].Spec.InitContainers);
    }

    [Fact]
    public void Gated_worker_is_created_when_the_master_is_ready()
    {
        var world = World.Of(Rich, new TrainingOptions { PyTorchMasterWait = MasterWait.Gate });
        world.Settle();
        Assert.Equal(["j-master-0"], world.Creations);

        world.Set(world.Pod("j-master-0").Running());
        world.Settle();
        Assert.Equal(["j-master-0"], world.Creations);

        world.Set(world.Pod("j-master-0") with { Conditions = [new("Ready", "True", "", "", World.Start)] });
        Assert.DoesNotContain(Pods(world)["j-worker-0"].Spec.InitContainers, container => container.Name == "init-pytorch");
        world.Settle();
        Assert.Equal(["j-master-0", "j-worker-0", "j-worker-1"], world.Creations);
    }

    [Fact]
    public void Cluster_domain_stands_in_the_host_names()
    {
        var world = World.Of(
            "{kind: TFJob, metadata: {name: j, namespace: ns2}, spec: {tfReplicaSpecs: {PS: {template: {spec: {containers: [{name: tensorflow, image: x}]}}}, Worker: {template: {spec: {containers: [{name: tensorflow, image: x}]}}}}}}",
            new TrainingOptions { ClusterDomain = "tf.training.org" });
        var value = Assert.Single(Pods(world)["j-worker-0"].Spec.Containers[0].Env).Value;
        Assert.Equal(
            """{"cluster":{"ps":["j-ps-0.ns2.svc.tf.training.org:2222"],"worker":["j-worker-0.ns2.svc.tf.training.org:2222"]},"task":{"type":"worker","index":0},"environment":"cloud"}""",
            value);
    }

    [Theory]
    [InlineData("Chief: {REPLICA}, Worker: {REPLICA}", "j-chief-0")]
    [InlineData("Master: {REPLICA}, Worker: {REPLICA}", "j-master-0")]
    [InlineData("PS: {REPLICA}, Worker: {replicas: 2, REPLICA}", "j-worker-0")]
    public void One_pod_of_a_TFJob_carries_the_master_role(string replicas, string master)
    {
        var world = World.Of($"{{kind: TFJob, metadata: {{name: j}}, spec: {{tfReplicaSpecs: {{{replicas.Replace("REPLICA", "template: {spec: {containers: [{name: tensorflow, image: x}]}}", StringComparison.Ordinal)}}}}}}}");
        Assert.Equal([master], Pods(world).Values.Where(pod => pod.Labels().ContainsKey("training.kubeflow.org/job-role")).Select(pod => pod.Name()));
    }

    [Fact]
    public void Slash_in_a_name_becomes_a_dash()
    {
        var world = World.Of("{kind: TFJob, metadata: {name: a/b}, spec: {tfReplicaSpecs: {Worker: {template: {spec: {containers: [{name: tensorflow, image: x}]}}}}}}");
        Assert.Equal(["a-b-worker-0"], Pods(world).Keys);
    }

    [Fact]
    public void Job_of_thousands_is_created_in_portions()
    {
        var world = World.Of("{kind: TFJob, metadata: {name: j}, spec: {tfReplicaSpecs: {Worker: {replicas: 600, template: {spec: {containers: [{name: tensorflow, image: x}]}}}}}}");
        var decision = world.Decide();
        Assert.Equal(250, decision.Actions.OfType<ClusterAction.CreatePod>().Count());
        Assert.Equal(World.Start.AddSeconds(1), decision.NextWake);

        world.Settle();
        Assert.Equal(600, world.Creations.Distinct().Count());
    }

    public static TheoryData<string, string, string> Manifests => new()
    {
        { "pytorchjob-cpu-demo.yaml", "torchrun-cpu-master-0 torchrun-cpu-worker-0", "WORLD_SIZE=4 PET_NNODES=2 PET_NPROC_PER_NODE=2" },
        { "pytorchjob-deepspeed-demo.yaml", "pytorch-deepspeed-demo-master-0 pytorch-deepspeed-demo-worker-0", "WORLD_SIZE=2 PET_NPROC_PER_NODE=auto" },
        { "pytorchjob-elastic-echo-c10d.yaml", "elastic-example-echo-worker-0 elastic-example-echo-worker-1", "PET_RDZV_ENDPOINT=elastic-example-echo-worker-0:23456 PET_NNODES=1:2 PET_MAX_RESTARTS=100" },
        { "pytorchjob-elastic-imagenet.yaml", "elastic-example-imagenet-worker-0 elastic-example-imagenet-worker-1", "PET_NNODES=1:3" },
        { "pytorchjob-simple.yaml", "pytorch-simple-master-0 pytorch-simple-worker-0", "MASTER_ADDR=pytorch-simple-master-0" },
        { "tfjob-dist-mnist-chief1-ps1-worker2.yaml", "dist-mnist-for-e2e-test-chief-0 dist-mnist-for-e2e-test-ps-0 dist-mnist-for-e2e-test-worker-0 dist-mnist-for-e2e-test-worker-1", "" },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Upstream_manifest_gives_the_pods_upstream_makes_of_it(string file, string names, string variables)
    {
        var pods = Pods(new World(TrainingManifests.Read("v1", file)));
        Assert.Equal(names.Split(' '), pods.Keys.Order(StringComparer.Ordinal));
        Assert.All(pods.Values, pod => Assert.Subset(
            pod.Spec.Containers[0].Env.Select(variable => $"{variable.Name}={variable.Value}").ToHashSet(),
            variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet()));
    }

    [Fact]
    public void Upstream_manifest_of_one_replica_gets_no_TF_CONFIG()
    {
        var pod = Assert.Single(Pods(new World(TrainingManifests.Read("v1", "tfjob-mnist-with-summaries.yaml")))).Value;
        Assert.DoesNotContain(pod.Spec.Containers[0].Env ?? [], variable => variable.Name == "TF_CONFIG");
    }

    [Fact]
    public void Chief_parameter_server_and_workers_of_the_upstream_manifest_are_in_TF_CONFIG()
    {
        var pods = Pods(new World(TrainingManifests.Read("v1", "tfjob-dist-mnist-chief1-ps1-worker2.yaml")));
        using var config = JsonDocument.Parse(pods["dist-mnist-for-e2e-test-worker-1"].Spec.Containers[0].Env.Single(variable => variable.Name == "TF_CONFIG").Value);
        Assert.Equal(["chief", "ps", "worker"], config.RootElement.GetProperty("cluster").EnumerateObject().Select(member => member.Name));
    }

    private static Dictionary<string, V1Pod> Pods(World world) =>
        world.Decide().Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod).ToDictionary(pod => pod.Name(), StringComparer.Ordinal);
}
