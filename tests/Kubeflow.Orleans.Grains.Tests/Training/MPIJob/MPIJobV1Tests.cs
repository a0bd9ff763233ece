using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.MPIJob;

public sealed class MPIJobV1Tests
{
    private const string Yaml = """
        apiVersion: kubeflow.org/v1
        kind: MPIJob
        metadata: {name: pi}
        spec:
          slotsPerWorker: 2
          mpiReplicaSpecs:
            Launcher:
              replicas: 1
              template: {spec: {containers: [{name: launch, image: mpi, command: [mpirun, hostname]}]}}
            Worker:
              replicas: 2
              template: {spec: {containers: [{name: work, image: mpi}]}}
        """;

    [Fact]
    public void New_job_gets_its_scripts_its_rights_and_all_its_pods_at_once_and_no_service()
    {
        var world = World.Of(Yaml);
        var decision = world.Decide();

        Assert.Equal(["pi-launcher", "pi-worker-0", "pi-worker-1"], decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod.Name()));
        Assert.Equal(
            ["ConfigMap pi-config", "Role pi-launcher", "RoleBinding pi-launcher", "ServiceAccount pi-launcher"],
            decision.Actions.OfType<ClusterAction.Create>().Select(action => $"{action.Item.Kind} {action.Item.Metadata.Name}").Order(StringComparer.Ordinal));
        Assert.Empty(decision.Actions.OfType<ClusterAction.CreateService>());
        Assert.All(decision.Actions.OfType<ClusterAction.Create>(), action => Assert.Equal("pi", action.Item.Metadata.Labels["app"]));
    }

    [Fact]
    public void Scripts_name_the_workers_with_their_slots_and_enter_them_with_kubectl()
    {
        var data = Config(World.Of(Yaml.Replace("slotsPerWorker: 2", "slotsPerWorker: 2\n  mainContainer: work", StringComparison.Ordinal))).Data;

        Assert.Equal("pi-worker-0 slots=2\npi-worker-1 slots=2\n", data["hostfile"]);
        Assert.Equal("#!/bin/sh\nset -x\nPOD_NAME=$1\nshift\n/opt/kube/kubectl exec ${POD_NAME} --container work -- /bin/sh -c \"$*\"", data["kubexec.sh"]);
        Assert.Equal("#!/bin/sh", data["discover_hosts.sh"]);
    }

    [Theory]
    [InlineData("nvidia.com/gpu", true)]
    [InlineData("vendor.com/gpu", true)]
    [InlineData("cpu", false)]
    public void Launcher_with_a_gpu_is_a_host_too(string resource, bool isHost)
    {
        var world = World.Of(Yaml.Replace("command: [mpirun, hostname]", $"resources: {{limits: {{{resource}: 1}}}}", StringComparison.Ordinal));

        Assert.Equal(isHost, Config(world).Data["hostfile"].StartsWith("pi-launcher slots=2\n", StringComparison.Ordinal));
        Assert.Equal(!isHost, Container(world, "pi-launcher").Env.Any(variable => variable.Name == "NVIDIA_VISIBLE_DEVICES"));
    }

    [Fact]
    public void Running_workers_are_written_into_the_discovery_script_sorted()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.SetAll(pod => pod.Running());

        var update = Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>());

        Assert.Equal("#!/bin/sh\necho pi-worker-0:2\n\necho pi-worker-1:2\n", ((V1ConfigMap)update.Item).Data["discover_hosts.sh"]);
    }

    [Fact]
    public void Worker_without_a_command_waits_and_one_with_a_command_runs_it()
    {
        var waiting = Container(World.Of(Yaml), "pi-worker-0");
        Assert.Equal("sleep 365d", string.Join(' ', waiting.Command.Concat(waiting.Args)));
        Assert.Contains(waiting.VolumeMounts, mount => mount is { Name: "mpi-job-config", MountPath: "/etc/mpi" });

        var own = Container(World.Of(Yaml.Replace("{name: work, image: mpi}", "{name: work, image: mpi, command: [serve], args: [all]}", StringComparison.Ordinal)), "pi-worker-0");
        Assert.Equal("serve all", string.Join(' ', own.Command.Concat(own.Args)));
    }

    [Fact]
    public void Launcher_pod_has_no_number_is_the_master_and_is_brought_kubectl()
    {
        var pod = Pod(World.Of(Yaml), "pi-launcher");

        Assert.False(pod.Labels().ContainsKey("training.kubeflow.org/replica-index"));
        Assert.Equal(("launcher", "master"), (pod.Labels()["training.kubeflow.org/replica-type"], pod.Labels()["training.kubeflow.org/job-role"]));
        Assert.Equal("pi-launcher", pod.Spec.ServiceAccountName);
        Assert.Equal("kubectl-delivery", Assert.Single(pod.Spec.InitContainers).Name);
        Assert.Equal(["mpi-job-kubectl", "mpi-job-config"], pod.Spec.Volumes.Select(volume => volume.Name));
    }

    [Theory]
    [InlineData("", "rsh", "/etc/mpi/kubexec.sh")]
    [InlineData("I_MPI_HYDRA_BOOTSTRAP", "mine", "/etc/mpi/kubexec.sh")]
    [InlineData("I_MPI_HYDRA_BOOTSTRAP_EXEC", "rsh", "mine")]
    public void Intel_variables_the_author_sets_are_kept_and_the_others_added(string own, string bootstrap, string exec)
    {
        var environment = own.Length == 0 ? "" : $", env: [{{name: {own}, value: mine}}]";
        var container = Container(World.Of(Yaml.Replace("command: [mpirun, hostname]", "command: [mpirun]" + environment, StringComparison.Ordinal)), "pi-launcher");

        Assert.Equal(bootstrap, container.Env.Single(variable => variable.Name == "I_MPI_HYDRA_BOOTSTRAP").Value);
        Assert.Equal(exec, container.Env.Single(variable => variable.Name == "I_MPI_HYDRA_BOOTSTRAP_EXEC").Value);
    }

    [Fact]
    public void Account_the_author_names_is_used_and_none_is_made()
    {
        var world = World.Of(Yaml.Replace("{spec: {containers: [{name: launch", "{spec: {serviceAccountName: mine, containers: [{name: launch", StringComparison.Ordinal));

        Assert.Equal("mine", Pod(world, "pi-launcher").Spec.ServiceAccountName);
        Assert.DoesNotContain(Created<V1ServiceAccount>(world), _ => true);
        Assert.Equal("mine", Assert.Single(Created<V1RoleBinding>(world)).Subjects.Single().Name);
    }

    [Fact]
    public void Job_without_workers_may_enter_no_pod()
    {
        var world = World.Of(Yaml.Replace("replicas: 2", "replicas: 0", StringComparison.Ordinal));

        Assert.DoesNotContain(Assert.Single(Created<V1Role>(world)).Rules, rule => rule.Resources.Contains("pods/exec"));
        Assert.Equal(["pi-worker-0", "pi-worker-1"], Assert.Single(Created<V1Role>(World.Of(Yaml))).Rules.Single(rule => rule.Resources.Contains("pods/exec")).ResourceNames);
    }

    [Fact]
    public void Launcher_that_succeeds_ends_the_job_and_workers_count_for_nothing()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();
        Assert.Equal("""{"Launcher":{"active":1},"Worker":{"active":2}}""", world.Job["status"]!["replicaStatuses"]!.ToJsonString());

        world.Set(world.Pod("pi-launcher").Succeeded("launch"));
        var events = world.Settle();

        Assert.Equal(["Created=True MPIJobCreated", "Running=False MPIJobRunning", "Succeeded=True MPIJobSucceeded"], world.Conditions());
        Assert.Equal("""{"Launcher":{"succeeded":1},"Worker":{}}""", world.Job["status"]!["replicaStatuses"]!.ToJsonString());
        Assert.Contains(events, said => said.Message == "MPIJob pi is successfully completed.");
        Assert.Equal(4, world.Children.Count);
    }

    [Fact]
    public void Launcher_that_fails_fails_the_job_by_the_name_programs_know()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Set(world.Pod("pi-launcher").Failed("launch", 1));
        world.Settle();

        Assert.Contains("Failed=True MPIJobMPIJobFailed", world.Conditions());
        Assert.Equal("""{"Launcher":{"failed":1},"Worker":{}}""", world.Job["status"]!["replicaStatuses"]!.ToJsonString());
    }

    [Theory]
    [InlineData("cleanPodPolicy: Running")]
    [InlineData("runPolicy: {cleanPodPolicy: Running}")]
    [InlineData("cleanPodPolicy: None\n  runPolicy: {cleanPodPolicy: Running}")]
    public void Clean_pod_policy_is_read_in_both_its_places_and_that_of_the_run_policy_wins(string policy)
    {
        var world = World.Of(Yaml.Replace("slotsPerWorker: 2", policy, StringComparison.Ordinal));
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Set(world.Pod("pi-launcher").Succeeded("launch"));
        world.Settle();

        Assert.Equal(["pi-launcher"], world.Pods.Select(pod => pod.Name));
    }

    [Fact]
    public void Missing_launcher_beside_running_workers_is_made()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Remove("pi-launcher");

        Assert.Contains(world.Decide().Actions.OfType<ClusterAction.CreatePod>(), action => action.Pod.Name() == "pi-launcher");
    }

    [Fact]
    public void Suspended_job_has_no_pods_and_gets_them_back_on_resume()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.Job["spec"]!["runPolicy"] = new JsonObject { ["suspend"] = true };
        world.Settle();
        Assert.Empty(world.Pods);
        Assert.Equal(4, world.Children.Count);
        Assert.Contains("Suspended=True MPIJobSuspended", world.Conditions());

        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        world.Settle();
        Assert.Equal(3, world.Pods.Count);
        Assert.Contains("Suspended=False MPIJobResumed", world.Conditions());
    }

    [Theory]
    [InlineData("Launcher:", "Boss:", "MPIReplicaType is Boss but must be one of [Launcher Worker]")]
    [InlineData("Launcher:", "Boss:", "Master ReplicaSpec must be present")]
    [InlineData("replicas: 1", "replicas: 2", "There must be only 1 launcher replica")]
    [InlineData("{name: work, image: mpi}", "", "must be specified")]
    [InlineData("{name: work, image: mpi}", "{name: work}", "must be required")]
    public void Job_that_cannot_run_is_refused(string replaced, string by, string error)
    {
        var job = World.ReadYaml(Yaml.Replace(replaced, by, StringComparison.Ordinal));
        Assert.Contains(MPIJobV2Tests.Kind.Validate(job, null), found => found.ToString().Contains(error, StringComparison.Ordinal));
    }

    [Fact]
    public void Delivery_of_kubectl_can_be_given_a_command()
    {
        var world = World.Of(Yaml, new TrainingOptions { MPIKubectlDeliveryCommand = ["cp", "kubectl", "/opt/kube"] });
        Assert.Equal(["cp", "kubectl", "/opt/kube"], Pod(world, "pi-launcher").Spec.InitContainers.Single().Command);
    }

    private static V1Pod Pod(World world, string name) => world.Decide().Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod).Single(pod => pod.Name() == name);

    private static V1Container Container(World world, string pod) => Pod(world, pod).Spec.Containers[0];

    private static V1ConfigMap Config(World world) => Assert.Single(Created<V1ConfigMap>(world));

    private static IEnumerable<T> Created<T>(World world)
        where T : IKubernetesObject<V1ObjectMeta> => world.Decide().Actions.OfType<ClusterAction.Create>().Select(action => action.Item).OfType<T>();
}
