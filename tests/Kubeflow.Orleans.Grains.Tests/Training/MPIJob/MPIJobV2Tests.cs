using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training.MPIJob;

public sealed class MPIJobV2Tests
{
    private const string Yaml = """
        apiVersion: kubeflow.org/v2beta1
        kind: MPIJob
        metadata: {name: pi}
        spec:
          slotsPerWorker: 2
          launcherCreationPolicy: AtStartup
          mpiImplementation: OpenMPI
          sshAuthMountPath: /root/.ssh
          runPolicy: {cleanPodPolicy: Running, backoffLimit: 3, ttlSecondsAfterFinished: 60}
          mpiReplicaSpecs:
            Launcher:
              template: {spec: {containers: [{name: launch, image: mpi, command: [mpirun, hostname]}]}}
            Worker:
              replicas: 2
              template: {spec: {containers: [{name: work, image: mpi}]}}
        """;

    internal static ResourceKind Kind { get; } = TrainingFamily.Kinds.Single(kind => kind.Plural == "mpijobs");

    [Fact]
    public void New_job_gets_a_name_a_hostfile_a_key_its_workers_and_a_job_for_the_launcher()
    {
        var decision = World.Of(Yaml).Decide();

        Assert.Equal(["pi-worker-0", "pi-worker-1"], decision.Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod.Name()));
        Assert.Equal(
            ["ConfigMap pi-config", "Job pi-launcher", "Secret pi-ssh", "Service pi"],
            decision.Actions.OfType<ClusterAction.Create>().Select(action => $"{action.Item.Kind} {action.Item.Metadata.Name}").Order(StringComparer.Ordinal));
        Assert.All(decision.Actions.OfType<ClusterAction.Create>(), action => Assert.Equal("kubeflow.org/v2beta1", action.Item.Metadata.OwnerReferences.Single().ApiVersion));
        Assert.Contains(decision.Events, said => said is { Reason: "MPIJobCreated", Message: "MPIJob default/pi is created." });
    }

    [Theory]
    [InlineData("OpenMPI", false, "pi-worker-0.pi.default.svc slots=2\npi-worker-1.pi.default.svc slots=2\n")]
    [InlineData("OpenMPI", true, "pi-launcher.pi.default.svc slots=2\npi-worker-0.pi.default.svc slots=2\npi-worker-1.pi.default.svc slots=2\n")]
    [InlineData("Intel", false, "pi-worker-0.pi.default.svc:2\npi-worker-1.pi.default.svc:2\n")]
    [InlineData("MPICH", true, "pi-launcher.pi.default.svc:2\npi-worker-0.pi.default.svc:2\npi-worker-1.pi.default.svc:2\n")]
    public void Hostfile_is_what_the_implementation_reads(string implementation, bool launcherIsWorker, string hosts)
    {
        var yaml = Yaml.Replace("mpiImplementation: OpenMPI", $"mpiImplementation: {implementation}\n  runLauncherAsWorker: {(launcherIsWorker ? "true" : "false")}", StringComparison.Ordinal);
        Assert.Equal(hosts, Created<V1ConfigMap>(World.Of(yaml)).Data["hostfile"]);
    }

    [Fact]
    public void Hosts_carry_the_cluster_domain_where_one_is_set() => Assert.StartsWith(
        "pi-worker-0.pi.default.svc.example.org slots=2\n", Created<V1ConfigMap>(World.Of(Yaml, new TrainingOptions { ClusterDomain = "example.org" })).Data["hostfile"], StringComparison.Ordinal);

    [Fact]
    public void Running_workers_are_written_into_the_discovery_script()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.Set(world.Pod("pi-worker-1").Running());
        Assert.Equal("#!/bin/sh\necho pi-worker-1.pi.default.svc\n", ((V1ConfigMap)Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>()).Item).Data["discover_hosts.sh"]);
    }

    [Fact]
    public void Worker_waits_for_logins_under_a_name_of_its_own()
    {
        var pod = Worker(World.Of(Yaml), 1);

        Assert.Equal(("pi-worker-1", "pi", "Never"), (pod.Spec.Hostname, pod.Spec.Subdomain, pod.Spec.RestartPolicy));
        Assert.Equal(["/usr/sbin/sshd", "-De"], pod.Spec.Containers[0].Command);
        Assert.Equal(["pi.default.svc.cluster.local"], pod.Spec.DnsConfig.Searches);
        Assert.Equal(
            ("mpi-operator", "pi", "worker", "1"),
            (pod.Labels()["training.kubeflow.org/operator-name"], pod.Labels()["training.kubeflow.org/job-name"], pod.Labels()["training.kubeflow.org/job-role"], pod.Labels()["training.kubeflow.org/replica-index"]));
        Assert.Equal("K_MPI_JOB_ROLE=worker", Text(pod.Spec.Containers[0].Env));
        Assert.Equal("2", Worker(World.Of(Yaml.Replace("slotsPerWorker: 2", "runLauncherAsWorker: true", StringComparison.Ordinal)), 1).Labels()["training.kubeflow.org/replica-index"]);
    }

    [Theory]
    [InlineData("/root/.ssh", 0x180)]
    [InlineData("/home/mpiuser/.ssh", null)]
    public void Keys_are_mounted_where_the_user_has_them(string path, int? mode)
    {
        var pod = Worker(World.Of(Yaml.Replace("/root/.ssh", path, StringComparison.Ordinal)), 0);

        Assert.Equal(path, pod.Spec.Containers[0].VolumeMounts.Single(mount => mount.Name == "ssh-auth").MountPath);
        var secret = pod.Spec.Volumes.Single(volume => volume.Name == "ssh-auth").Secret;
        Assert.Equal(mode, secret.DefaultMode);
        Assert.Equal(["id_rsa", "id_rsa.pub", "authorized_keys"], secret.Items.Select(item => item.Path));
    }

    [Theory]
    [InlineData("OpenMPI", "K_MPI_JOB_ROLE=launcher OMPI_MCA_orte_keep_fqdn_hostnames=true OMPI_MCA_orte_default_hostfile=/etc/mpi/hostfile OMPI_MCA_plm_rsh_args=-o ConnectionAttempts=10 OMPI_MCA_orte_set_default_slots=2 NVIDIA_VISIBLE_DEVICES= NVIDIA_DRIVER_CAPABILITIES=")]
    [InlineData("Intel", "K_MPI_JOB_ROLE=launcher I_MPI_HYDRA_HOST_FILE=/etc/mpi/hostfile I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS=-o ConnectionAttempts=10 I_MPI_PERHOST=2 NVIDIA_VISIBLE_DEVICES= NVIDIA_DRIVER_CAPABILITIES=")]
    [InlineData("MPICH", "K_MPI_JOB_ROLE=launcher HYDRA_HOST_FILE=/etc/mpi/hostfile HYDRA_LAUNCH_EXTRA_ARGS=-o ConnectionAttempts=10 NVIDIA_VISIBLE_DEVICES= NVIDIA_DRIVER_CAPABILITIES=")]
    public void Launcher_is_told_what_its_implementation_understands(string implementation, string environment)
    {
        var job = Created<V1Job>(World.Of(Yaml.Replace("mpiImplementation: OpenMPI", $"mpiImplementation: {implementation}", StringComparison.Ordinal)));

        Assert.Equal(environment, Text(job.Spec.Template.Spec.Containers[0].Env));
        Assert.Equal((3, "Failed", "OnFailure", "pi-launcher"), (job.Spec.BackoffLimit, job.Spec.PodReplacementPolicy, job.Spec.Template.Spec.RestartPolicy, job.Spec.Template.Spec.Hostname));
        Assert.Equal("launcher", job.Spec.Template.Metadata.Labels["training.kubeflow.org/job-role"]);
    }

    [Fact]
    public void Launcher_that_computes_is_number_0_and_sees_its_gpus()
    {
        var template = Created<V1Job>(World.Of(Yaml.Replace("slotsPerWorker: 2", "runLauncherAsWorker: true", StringComparison.Ordinal))).Spec.Template;
        Assert.Equal("0", template.Metadata.Labels["training.kubeflow.org/replica-index"]);
        Assert.DoesNotContain(template.Spec.Containers[0].Env, variable => variable.Name.StartsWith("NVIDIA", StringComparison.Ordinal));
    }

    [Fact]
    public void Key_is_made_once_and_made_again_only_when_it_is_missing()
    {
        var world = World.Of(Yaml);
        world.Settle();
        Assert.DoesNotContain(world.Decide().Actions, action => action is ClusterAction.Create or ClusterAction.Update);

        var secret = world.Children.Single(child => child.Kind.Kind == "Secret");
        world.Set(secret with { Content = JsonSerializer.SerializeToElement(new JsonObject { ["metadata"] = JsonNode.Parse(secret.Content.GetProperty("metadata").GetRawText()) }) });
        Assert.Equal(["ssh-privatekey", "ssh-publickey"], ((V1Secret)Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>()).Item).Data.Keys);
    }

    [Fact]
    public void Launcher_that_waits_comes_when_all_workers_are_ready()
    {
        var world = World.Of(Yaml.Replace("AtStartup", "WaitForWorkersReady", StringComparison.Ordinal));
        world.Settle();
        world.Set(Ready(world.Pod("pi-worker-0")));
        world.Settle();
        Assert.Null(Launcher(world));

        world.Set(Ready(world.Pod("pi-worker-1")));
        world.Settle();
        Assert.NotNull(Launcher(world));
    }

    [Fact]
    public void Job_runs_only_when_its_launcher_and_all_its_workers_run()
    {
        var world = World.Of(Yaml);
        world.Settle();
        SetLauncher(world, """{"ready": 1}""");
        world.Set(world.Pod("pi-worker-0").Running());
        world.Settle();
        Assert.Equal(["Created=True MPIJobCreated"], world.Conditions());

        world.Set(world.Pod("pi-worker-1").Running());
        var events = world.Settle();
        Assert.Equal(["Created=True MPIJobCreated", "Running=True MPIJobRunning"], world.Conditions());
        Assert.Equal("""{"Launcher":{"active":1},"Worker":{"active":2}}""", world.Job["status"]!["replicaStatuses"]!.ToJsonString());
        Assert.Single(events, said => said.Reason == "MPIJobRunning");
    }

    [Fact]
    public void Launcher_that_completes_ends_the_job_at_its_time_and_takes_running_workers_along()
    {
        var world = Running();
        SetLauncher(world, """{"succeeded": 1, "completionTime": "2026-01-01T00:05:00Z", "conditions": [{"type": "Complete", "status": "True"}]}""");
        world.Settle();

        Assert.Equal(["Created=True MPIJobCreated", "Running=False MPIJobRunning", "Succeeded=True MPIJobSucceeded"], world.Conditions());
        Assert.Equal("2026-01-01T00:05:00Z", world.Job["status"]!["completionTime"]!.GetValue<string>());
        Assert.Equal("""{"Launcher":{"succeeded":1},"Worker":{}}""", world.Job["status"]!["replicaStatuses"]!.ToJsonString());
        Assert.Empty(world.Pods);
        Assert.NotNull(Launcher(world));
    }

    [Fact]
    public void Time_to_live_is_the_launchers_and_begins_when_the_end_is_known()
    {
        Assert.Null(Created<V1Job>(World.Of(Yaml)).Spec.TtlSecondsAfterFinished);
        var world = Running();
        SetLauncher(world, """{"conditions": [{"type": "Complete", "status": "True"}]}""");

        var update = Assert.Single(world.Decide().Actions.OfType<ClusterAction.Update>());

        Assert.Equal(60, ((V1Job)update.Item).Spec.TtlSecondsAfterFinished);
        Assert.Null(((V1Job)update.Item).Spec.Template);
    }

    [Fact]
    public void Launcher_that_is_gone_after_the_end_is_not_run_again()
    {
        var world = Running();
        SetLauncher(world, """{"conditions": [{"type": "Complete", "status": "True"}]}""");
        world.Settle();
        var launcher = Launcher(world)!;
        world.Act(new ClusterAction.Delete(launcher.Kind, launcher.Name, launcher.Uid));

        Assert.Empty(world.Decide().Actions);
    }

    [Fact]
    public void Failed_launcher_pod_is_counted_and_only_a_failed_launcher_job_fails_the_job()
    {
        var world = Running();
        SetLauncher(world, """{"failed": 1}""");
        world.Settle();
        Assert.DoesNotContain(world.Conditions(), condition => condition.StartsWith("Failed", StringComparison.Ordinal));
        Assert.Equal(1, world.Job["status"]!["replicaStatuses"]!["Launcher"]!["failed"]!.GetValue<int>());

        SetLauncher(world, """{"failed": 4, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"}]}""");
        var events = world.Settle();
        Assert.Contains("Failed=True BackoffLimitExceeded", world.Conditions());
        Assert.Contains(events, said => said is { Type: "Warning", Reason: "BackoffLimitExceeded" });
        Assert.Empty(world.Pods);
    }

    [Fact]
    public void Reason_of_the_last_launcher_pod_stands_behind_that_of_the_job()
    {
        var world = Running();
        world.Set(world.NewPod("Launcher", 0) with { Phase = "Failed", Reason = "OOM" });
        SetLauncher(world, """{"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]}""");
        world.Settle();

        Assert.Contains("Failed=True BackoffLimitExceeded/OOM", world.Conditions());
    }

    [Fact]
    public void Evicted_worker_is_told_as_failure_until_the_launcher_succeeds_all_the_same()
    {
        var world = Running();
        world.Set(world.Pod("pi-worker-0").Evicted());
        world.Settle();
        Assert.Equal("Failed=True MPIJobEvicted", world.Conditions()[^1]);
        Assert.Null(world.Job["status"]!["completionTime"]);

        SetLauncher(world, """{"conditions": [{"type": "Complete", "status": "True"}]}""");
        world.Settle();
        Assert.Equal(["Created=True MPIJobCreated", "Running=False MPIJobRunning", "Failed=False MPIJobEvicted", "Succeeded=True MPIJobSucceeded"], world.Conditions());
    }

    [Fact]
    public void Job_created_suspended_has_everything_but_workers_and_its_launcher_is_suspended()
    {
        var world = World.Of(Yaml.Replace("backoffLimit: 3", "suspend: true", StringComparison.Ordinal));
        world.Settle();

        Assert.Empty(world.Pods);
        Assert.Equal(4, world.Children.Count);
        Assert.True(Launcher(world)!.Content.GetProperty("spec").GetProperty("suspend").GetBoolean());
        Assert.Equal(["Created=True MPIJobCreated", "Suspended=True MPIJobSuspended", "Running=False MPIJobSuspended"], world.Conditions());
        Assert.Null(world.Job["status"]!["startTime"]);
    }

    [Fact]
    public void Running_job_is_suspended_and_resumed_as_a_new_start()
    {
        var world = Running();
        world.Job["spec"]!["runPolicy"]!["suspend"] = true;
        var suspend = world.Decide();
        Assert.Equal(true, ((V1Job)Assert.Single(suspend.Actions.OfType<ClusterAction.Update>()).Item).Spec.Suspend);
        world.Write(suspend);
        suspend.Actions.ToList().ForEach(action => Apply(world, action));
        Assert.Empty(world.Pods);
        Assert.Equal(["Created=True MPIJobCreated", "Suspended=True MPIJobSuspended", "Running=False MPIJobSuspended"], world.Conditions());

        world.Now = World.Start.AddMinutes(5);
        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        var resume = world.Decide();
        world.Write(resume);
        Assert.Equal(false, ((V1Job)Assert.Single(resume.Actions.OfType<ClusterAction.Update>(), update => update.Item is V1Job).Item).Spec.Suspend);
        Assert.Contains("Suspended=False MPIJobResumed", world.Conditions());
        Assert.Equal("2026-01-01T00:05:00Z", world.Job["status"]!["startTime"]!.GetValue<string>());
        Assert.Equal(2, resume.Actions.OfType<ClusterAction.CreatePod>().Count());
    }

    [Fact]
    public void Suspended_launcher_that_is_to_run_elsewhere_is_replaced()
    {
        var world = World.Of(Yaml.Replace("backoffLimit: 3", "suspend: true", StringComparison.Ordinal));
        world.Settle();
        world.Job["spec"]!["runPolicy"]!["suspend"] = false;
        world.Job["spec"]!["mpiReplicaSpecs"]!["Launcher"]!["template"]!["spec"]!["nodeSelector"] = new JsonObject { ["zone"] = "a" };
        world.Settle();

        Assert.Equal("a", Launcher(world)!.Content.GetProperty("spec").GetProperty("template").GetProperty("spec").GetProperty("nodeSelector").GetProperty("zone").GetString());
        Assert.False(Launcher(world)!.Content.GetProperty("spec").TryGetProperty("suspend", out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fewer_workers_are_just_those_that_are_wanted(bool launcherIsWorker)
    {
        var world = World.Of(launcherIsWorker ? Yaml.Replace("slotsPerWorker: 2", "runLauncherAsWorker: true", StringComparison.Ordinal) : Yaml);
        world.Settle();
        world.Job["spec"]!["mpiReplicaSpecs"]!["Worker"]!["replicas"] = 1;
        world.Settle();

        Assert.Equal(["pi-worker-0"], world.Pods.Select(pod => pod.Name));
        Assert.Equal(2, world.Creations.Count);
    }

    [Fact]
    public void Worker_that_disappears_is_made_again_and_one_that_failed_is_left()
    {
        var world = Running();
        world.Remove("pi-worker-0");
        world.Set(world.Pod("pi-worker-1").Failed("work", 1));
        world.Settle();

        Assert.Equal(["Pending", "Failed"], world.Pods.OrderBy(pod => pod.Name).Select(pod => pod.Phase));
    }

    [Fact]
    public void Job_of_another_manager_is_left_alone() =>
        Assert.True(World.Of(Yaml.Replace("backoffLimit: 3", "managedBy: kueue.x-k8s.io/multikueue", StringComparison.Ordinal)).Decide() is { Status: null, Actions.IsEmpty: true });

    [Theory]
    [InlineData("pi-ssh", "Secret")]
    [InlineData("pi", "Service")]
    [InlineData("pi-config", "ConfigMap")]
    public void Companion_that_is_missing_is_made_again(string name, string kind)
    {
        var world = Running();
        var child = world.Children.Single(child => child.Kind.Kind == kind);
        world.Act(new ClusterAction.Delete(child.Kind, child.Name, child.Uid));
        Assert.Equal($"{kind} {name}", world.Decide().Actions.OfType<ClusterAction.Create>().Select(action => $"{action.Item.Kind} {action.Item.Metadata.Name}").Single());
    }

    [Theory]
    [InlineData("slotsPerWorker: 2", "slotsPerWorker: -1", "spec.slotsPerWorker: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("sshAuthMountPath: /root/.ssh", "sshAuthMountPath: ''", "spec.sshAuthMountPath: Required value: must have a mount path for SSH credentials")]
    [InlineData("cleanPodPolicy: Running", "cleanPodPolicy: Some", "spec.runPolicy.cleanPodPolicy: Unsupported value: \"Some\"")]
    [InlineData("backoffLimit: 3", "backoffLimit: -1", "spec.runPolicy.backoffLimit: Invalid value: -1")]
    [InlineData("backoffLimit: 3", "managedBy: kubeflow.org/training-operator", "spec.runPolicy.managedBy: Unsupported value")]
    [InlineData("Launcher:", "Boss:", "spec.mpiReplicaSpecs[Launcher]: Required value: must have Launcher replica spec")]
    [InlineData("Launcher:", "Launcher:\n      replicas: 2", "spec.mpiReplicaSpecs[Launcher].replicas: Invalid value: 2: must be 1")]
    [InlineData("replicas: 2", "restartPolicy: Never", "spec.mpiReplicaSpecs[Worker].replicas: Invalid value: 0: must be greater than or equal to 1")]
    [InlineData("replicas: 2", "replicas: 2\n      restartPolicy: Always", "spec.mpiReplicaSpecs[Worker].restartPolicy: Unsupported value: \"Always\"")]
    [InlineData("name: pi", "name: 1-foo", "invalid DNS label \"1-foo-worker-1\"")]
    [InlineData("name: pi", "name: a-name-that-is-almost-as-long-as-a-name-may-be-in-a-host-name", "must be no more than 63 characters")]
    public void Job_that_cannot_run_is_refused(string replaced, string by, string error)
    {
        Assert.Empty(Kind.Validate(World.ReadYaml(Yaml), null));
        var job = World.ReadYaml(Yaml.Replace(replaced, by, StringComparison.Ordinal));
        Assert.Contains(Kind.Validate(job, null), found => found.ToString().Contains(error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("kubeflow.org/v2beta1", "Resource \"pi\" of Kind \"Service\" already exists and is not managed by MPIJob")]
    [InlineData("kubeflow.org/v1", "Resource \"pi\" of MPIJobKind \"Service\" already exists and is not managed by MPIJob")]
    public void Foreign_object_is_told_of_in_upstreams_words(string version, string message)
    {
        var world = World.Of(Yaml.Replace("kubeflow.org/v2beta1", version, StringComparison.Ordinal));
        Assert.Equal(DecisionEvent.Warning("ErrResourceExists", message), world.Machine.NotOurs(world.Situation().Document, "Service", "pi"));
    }

    [Fact]
    public void Generated_key_is_one_that_ssh_understands()
    {
        var key = Kubeflow.Orleans.Grains.Training.MPIJob.SshKeyPair.Generate();

        Assert.StartsWith("-----BEGIN EC PRIVATE KEY-----\n", key.PrivateKey, StringComparison.Ordinal);
        Assert.Matches("^ecdsa-sha2-nistp521 AAAA[A-Za-z0-9+/=]+\n$", key.PublicKey);
        Assert.Equal("nistp521", Encoding.ASCII.GetString(Convert.FromBase64String(key.PublicKey.Split(' ')[1].TrimEnd()), 27, 8));
        Assert.DoesNotContain("PRIVATE", key.ToString(), StringComparison.Ordinal);
    }

    private static World Running()
    {
        var world = World.Of(Yaml);
        world.Settle();
        world.SetAll(pod => pod.Running());
        SetLauncher(world, """{"ready": 1}""");
        world.Settle();
        Assert.Contains("Running=True MPIJobRunning", world.Conditions());
        return world;
    }

    /// <summary>A merge patch keeps what it does not mention, which the world's own updates do not.</summary>
    private static void Apply(World world, ClusterAction action)
    {
        if (action is not ClusterAction.Update { Item: V1Job { Spec.Suspend: { } suspend } })
        {
            world.Act(action);
            return;
        }

        var launcher = Launcher(world)!;
        var content = JsonNode.Parse(launcher.Content.GetRawText())!;
        content["spec"]!["suspend"] = suspend;
        content["status"] = new JsonObject();
        world.Set(launcher with { Content = JsonSerializer.SerializeToElement(content) });
    }

    private static ObservedChild? Launcher(World world) => world.Children.SingleOrDefault(child => child.Kind.Kind == "Job");

    private static void SetLauncher(World world, string status)
    {
        var launcher = Launcher(world)!;
        var content = JsonNode.Parse(launcher.Content.GetRawText())!;
        content["status"] = JsonNode.Parse(status);
        world.Set(launcher with { Content = JsonSerializer.SerializeToElement(content) });
    }

    private static ObservedPod Ready(ObservedPod pod) => pod.Running() with { Conditions = [new ObservedCondition("Ready", "True", "", "", null)] };

    private static V1Pod Worker(World world, int index) =>
        world.Decide().Actions.OfType<ClusterAction.CreatePod>().Select(action => action.Pod).Single(pod => pod.Name() == $"pi-worker-{index}");

    private static T Created<T>(World world)
        where T : IKubernetesObject<V1ObjectMeta> => world.Decide().Actions.OfType<ClusterAction.Create>().Select(action => action.Item).OfType<T>().Single();

    private static string Text(IEnumerable<V1EnvVar> environment) => string.Join(' ', environment.Select(variable => $"{variable.Name}={variable.Value}"));
}
