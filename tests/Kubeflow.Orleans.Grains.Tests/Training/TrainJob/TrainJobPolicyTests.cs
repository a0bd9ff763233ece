using k8s;
using k8s.Models;
using Xunit;
using static Kubeflow.Orleans.Grains.Tests.Training.TrainJob.TrainJobManifests;

namespace Kubeflow.Orleans.Grains.Tests.Training.TrainJob;

public sealed class TrainJobPolicyTests
{
    private const string Index = "metadata.annotations['batch.kubernetes.io/job-completion-index']";

    [Fact]
    public void Torch_tells_every_node_who_it_is_and_where_the_first_waits()
    {
        var world = World("trainer: { numNodes: 3, image: mine, command: [run], args: [fast], env: [{ name: EXTRA, value: x }] }", Runtime("torch: {}", "image: theirs\nenv: [{ name: EXTRA, value: old }, { name: KEPT, value: z }]"));
        world.Settle();
        var container = world.CreatedPod("node").Spec.Containers.Single();
        var environment = world.Environment("node");

        Assert.Equal(("mine", "run", "fast"), (container.Image, container.Command.Single(), container.Args.Single()));
        Assert.Equal([29500], container.Ports.Select(port => port.ContainerPort));
        Assert.Equal(
            ("3", "1", Index, "train-node-0-0.train", "29500", "x", "z"),
            (environment["PET_NNODES"], environment["PET_NPROC_PER_NODE"], environment["PET_NODE_RANK"], environment["PET_MASTER_ADDR"], environment["PET_MASTER_PORT"], environment["EXTRA"], environment["KEPT"]));
    }

    [Theory]
    [InlineData("", "limits: { cpu: 4 }", "4")]
    [InlineData("", "", "1")]
    [InlineData("requests: { memory: 1Gi }", "limits: { cpu: 2 }", "1")]
    [InlineData("limits: { cpu: 2 }", "", "2")]
    [InlineData("requests: { cpu: 3 }, limits: { cpu: 5 }", "", "3")]
    [InlineData("limits: { cpu: 2.5 }", "", "3")]
    [InlineData("limits: { cpu: 700m }", "", "1")]
    [InlineData("limits: { nvidia.com/gpu: 2 }", "", "auto")]
    [InlineData("limits: { cpu: 6, nvidia.com/gpu: 2 }", "", "auto")]
    [InlineData("limits: { cpu: 6 }", "limits: { nvidia.com/gpu: 2 }", "6")]
    public void Torch_runs_a_process_for_each_core_unless_there_are_graphics_processors(string job, string runtime, string processes)
    {
        var world = World(job.Length == 0 ? "trainer: {}" : $"trainer: {{ resourcesPerNode: {{ {job} }} }}", Runtime("torch: {}", $"image: i\nresources: {{ {runtime} }}"));
        world.Settle();
        Assert.Equal(processes, world.Environment("node")["PET_NPROC_PER_NODE"]);
    }

    [Fact]
    public void Number_of_processes_that_is_asked_for_is_what_runs()
    {
        var world = World("trainer: { numProcPerNode: 7, resourcesPerNode: { limits: { nvidia.com/gpu: 2 } } }", Runtime("torch: {}"));
        world.Settle();
        Assert.Equal("7", world.Environment("node")["PET_NPROC_PER_NODE"]);
    }

    [Fact]
    public void Resources_of_the_job_replace_the_runtimes_one_by_one()
    {
        var world = World("trainer: { resourcesPerNode: { limits: { cpu: 2 } } }", Runtime(container: "image: i\nresources: { limits: { cpu: 1, memory: 1Gi }, requests: { cpu: 1 } }"));
        world.Settle();
        var resources = world.CreatedPod("node").Spec.Containers.Single().Resources;
        Assert.Equal(("2", "1Gi", "1"), (resources.Limits["cpu"].ToString(), resources.Limits["memory"].ToString(), resources.Requests["cpu"].ToString()));
    }

    [Fact]
    public void Torch_tells_other_containers_only_where_the_runtime_says_so()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime("torch: { envInjection: { targets: [{ jobName: node, containerNames: [setup, sidecar] }] } }",
            "image: i\n- { name: sidecar, image: i }\n- { name: other, image: i }".Replace("\n- ", "\n~ ", StringComparison.Ordinal)).Replace("                      ~ {", "                    - {", StringComparison.Ordinal)
            + "\n                  initContainers: [{ name: setup, image: i }]");
        world.Settle();
        Assert.Equal("2", world.Environment("node", container: "sidecar")["PET_NNODES"]);
        Assert.Equal("2", world.Environment("node", container: "setup")["PET_NNODES"]);
        Assert.DoesNotContain("PET_NNODES", world.Environment("node", container: "other").Keys);
    }

    [Theory]
    [InlineData("torch: {}", "PET_NNODES")]
    [InlineData("jax: {}", "JAX_NUM_PROCESSES")]
    [InlineData("xgboost: {}", "DMLC_NUM_WORKER")]
    public void Job_that_says_nothing_of_its_trainer_runs_the_runtimes_container_as_it_is(string policy, string variable)
    {
        var world = World(runtime: Runtime(policy));
        world.Settle();
        Assert.DoesNotContain(variable, world.Environment("node").Keys);
    }

    [Fact]
    public void Jax_tells_every_process_its_number_and_its_coordinator()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime("jax: {}"));
        world.Settle();
        var environment = world.Environment("node", 1);
        Assert.Equal(("2", Index, "train-node-0-0.train:29500"), (environment["JAX_NUM_PROCESSES"], environment["JAX_PROCESS_ID"], environment["JAX_COORDINATOR_ADDRESS"]));
    }

    [Theory]
    [InlineData(1, "", "1")]
    [InlineData(3, "", "3")]
    [InlineData(2, "resourcesPerNode: { limits: { nvidia.com/gpu: 2 } }", "4")]
    public void XGBoost_has_a_worker_for_each_node_and_graphics_processor(int nodes, string resources, string workers)
    {
        var world = World($"trainer: {{ numNodes: {nodes}, {resources} }}", Runtime("xgboost: {}"));
        world.Settle();
        var environment = world.Environment("node");
        Assert.Equal(("train-node-0-0.train", "29500", Index, workers), (environment["DMLC_TRACKER_URI"], environment["DMLC_TRACKER_PORT"], environment["DMLC_TASK_ID"], environment["DMLC_NUM_WORKER"]));
    }

    [Theory]
    [InlineData("", 4, 1, "", "tune run --rdzv_endpoint=train-node-0-0.train:29500 full_finetune_distributed --config llama3_2/1B_full")]
    [InlineData("", 1, 1, "", "tune run full_finetune_single_device --config llama3_2/1B_full_single_device")]
    [InlineData("", 1, 1, "model.lora_attn_modules=[q]", "tune run lora_finetune_single_device --config llama3_2/1B_lora_single_device")]
    [InlineData("", 1, 1, "model.quantize_base=True", "tune run lora_finetune_single_device --config llama3_2/1B_qlora_single_device")]
    [InlineData("", 2, 1, "model.lora_attn_modules=[q]", "tune run --rdzv_endpoint=train-node-0-0.train:29500 lora_finetune_distributed --config llama3_2/1B_lora")]
    [InlineData("torchtune-llama3.3-70b", 8, 2, "", "tune run --rdzv_endpoint=train-node-0-0.train:29500 full_finetune_distributed --config llama3_3/70B_full_multinode")]
    public void TorchTune_chooses_recipe_and_configuration(string runtime, int gpus, int nodes, string argument, string command)
    {
        var blueprint = BuiltIn("torchtune-llama3.2-1b");
        blueprint["metadata"]!["name"] = runtime.Length > 0 ? runtime : "torchtune-llama3.2-1b";
        blueprint["spec"]!["template"]!["spec"]!["replicatedJobs"]![2]!.AsObject().Remove("dependsOn");
        var job = Tests.Training.World.ReadYaml(Job($"trainer: {{ numNodes: {nodes}, command: [tune, run], args: [\"{argument}\"], resourcesPerNode: {{ limits: {{ nvidia.com/gpu: {gpus} }} }} }}"));
        var world = new TrainJobWorld(job, blueprint);
        world.Settle();

        var started = string.Join(' ', world.CreatedPod("node").Spec.Containers.Single().Command);
        Assert.Equal($"{command} output_dir=/workspace/output tokenizer.path=/workspace/model/original/tokenizer.model checkpointer.checkpoint_dir=/workspace/model", started);
        Assert.DoesNotContain("PET_MASTER_ADDR", world.Environment("node").Keys);
        Assert.Equal($"{nodes}", world.Environment("node")["PET_NNODES"]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    public void MPI_launcher_starts_once_its_nodes_are_ready_and_its_end_is_the_jobs(int asked, int nodes)
    {
        var world = new TrainJobWorld(Tests.Training.World.ReadYaml(Job($"trainer: {{ numNodes: {asked}, numProcPerNode: 2, image: mine, command: [mpirun, train] }}", "deepspeed-distributed")), BuiltIn("deepspeed-distributed"));
        world.Settle();
        Assert.Equal(nodes, world.Created.Count);
        foreach (var pod in world.Pods.ToList())
        {
            world.Set(pod.Ready());
        }

        world.Settle();
        var launcher = world.CreatedPod("launcher").Spec.Containers.Single();
        var environment = world.Environment("launcher");
        var hosts = Enumerable.Range(0, nodes).Select(index => $"train-node-0-{index}.train slots=2\n").Append("train-launcher-0-0.train slots=2\n");
        Assert.Equal(string.Concat(hosts), world.CreatedChildren.OfType<V1ConfigMap>().Single(map => map.Name() == "train-mpi-hostfile").Data["hostfile"]);
        Assert.Equal(("mine", "ghcr.io/kubeflow/trainer/deepspeed-runtime"), (launcher.Image, world.CreatedPod("node").Spec.Containers.Single().Image));
        Assert.Equal(
            ("/etc/mpi/hostfile", "true", "2", "-o ConnectionAttempts=10"),
            (environment["OMPI_MCA_orte_default_hostfile"], environment["OMPI_MCA_orte_keep_fqdn_hostnames"], environment["OMPI_MCA_orte_set_default_slots"], environment["OMPI_MCA_plm_rsh_args"]));
        Assert.Equal([("mpi-ssh-auth", "/home/mpiuser/.ssh"), ("mpi-hostfile", "/etc/mpi")], launcher.VolumeMounts.Select(mount => (mount.Name, mount.MountPath)));

        world.Set(world.Pod("launcher").Succeeded());
        world.Settle();
        Assert.StartsWith("Complete=True", world.Conditions().Single(), StringComparison.Ordinal);
        Assert.Equal(["Succeeded"], world.Pods.Select(pod => pod.Phase));
    }

    [Fact]
    public void MPI_nodes_log_in_to_each_other_with_a_key_that_is_made_once()
    {
        var world = new TrainJobWorld(Tests.Training.World.ReadYaml(Job("trainer: { numNodes: 2 }", "deepspeed-distributed")), BuiltIn("deepspeed-distributed"));
        world.Settle();
        var secret = world.CreatedChildren.OfType<V1Secret>().Single();
        Assert.Equal(("train-mpi-ssh-auth", "kubernetes.io/ssh-auth", true), (secret.Name(), secret.Type, secret.Immutable!.Value));
        Assert.Equal(["ssh-privatekey", "ssh-publickey"], secret.Data.Keys.Order());
        var volume = world.CreatedPod("node").Spec.Volumes.Single(volume => volume.Name == "mpi-ssh-auth").Secret;
        Assert.Equal(("train-mpi-ssh-auth", 256), (volume.SecretName, volume.DefaultMode!.Value));
        Assert.Equal([("id_rsa", 416), ("id_rsa.pub", 420), ("authorized_keys", 420)], volume.Items.Select(item => (item.Path, item.Mode!.Value)));

        world.Set(world.Pod("node").Ready());
        world.Settle();
        Assert.Single(world.CreatedChildren.OfType<V1Secret>());
    }

    [Fact]
    public void MPI_runs_a_process_for_each_graphics_processor()
    {
        var world = new TrainJobWorld(Tests.Training.World.ReadYaml(Job("trainer: { numNodes: 2, resourcesPerNode: { limits: { nvidia.com/gpu: 4 } } }")), BuiltIn("deepspeed-distributed"));
        world.Settle();
        Assert.Contains("slots=4\n", world.CreatedChildren.OfType<V1ConfigMap>().Single(map => map.Name() == "train-mpi-hostfile").Data["hostfile"], StringComparison.Ordinal);
        Assert.Equal("4", world.CreatedPod("node").Spec.Containers.Single().Resources.Limits["nvidia.com/gpu"].ToString());
    }

    [Fact]
    public void Initializer_gets_what_the_job_says_of_it()
    {
        const string initializer = "initializer: { dataset: { storageUri: hf://team/data, env: [{ name: REGION, value: eu }], secretRef: { name: token } } }";
        var world = TrainJobWorld.Of(Job(initializer, runtime: "steps"), Steps);
        world.Settle();
        var container = world.CreatedPod("dataset-initializer").Spec.Containers.Single();
        Assert.Equal(("hf://team/data", "eu", "token"), (world.Environment("dataset-initializer", container: "dataset-initializer")["STORAGE_URI"], container.Env.Single(item => item.Name == "REGION").Value, container.EnvFrom.Single().SecretRef.Name));
        Assert.Null(world.CreatedPod("model-initializer").Spec.Containers.Single().EnvFrom);
    }

    [Fact]
    public void Patches_of_several_managers_merge_into_the_runtime_in_their_order()
    {
        const string patches = """
            runtimePatches:
              - manager: a.io/one
                trainingRuntimeSpec:
                  template:
                    metadata: { labels: { team: one } }
                    spec: { replicatedJobs: [{ name: node, template: { spec: { template: { metadata: { labels: { queue: a } }, spec: { nodeSelector: { disk: ssd }, serviceAccountName: trainer } } } } }] }
              - manager: b.io/two
                trainingRuntimeSpec:
                  template:
                    spec: { replicatedJobs: [{ name: node, template: { spec: { template: { spec: { nodeSelector: { zone: east }, tolerations: [{ key: gpu, operator: Exists }], containers: [{ name: node, volumeMounts: [{ name: data, mountPath: /data }] }], volumes: [{ name: data, emptyDir: {} }] } } } } }] }
            """;
        var world = World(patches, Runtime(container: "image: python\nvolumeMounts: [{ name: own, mountPath: /own }]"));
        world.Settle();
        var pod = world.CreatedPod("node");
        Assert.Equal(("one", "a", "trainer"), (world.CreatedServices.Single().Metadata.Labels["team"], pod.Metadata.Labels["queue"], pod.Spec.ServiceAccountName));
        Assert.Equal([("disk", "ssd"), ("zone", "east")], pod.Spec.NodeSelector.Select(entry => (entry.Key, entry.Value)).Order());
        Assert.Equal(["/data", "/own"], pod.Spec.Containers.Single().VolumeMounts.Select(mount => mount.MountPath).Order());
        Assert.Equal("python", pod.Spec.Containers.Single().Image);
        Assert.Equal("gpu", pod.Spec.Tolerations.Single().Key);
    }

    [Fact]
    public void Domain_of_the_runtimes_network_names_the_pods_and_the_service()
    {
        var world = World("trainer: { numNodes: 2 }", Runtime("torch: {}", jobSet: "network: { subdomain: inner, publishNotReadyAddresses: false }"));
        world.Settle();
        Assert.Equal(("inner", false), (world.CreatedServices.Single().Metadata.Name, world.CreatedServices.Single().Spec.PublishNotReadyAddresses!.Value));
        Assert.Equal("inner", world.CreatedPod("node").Spec.Subdomain);
        Assert.Equal("train-node-0-0.inner", world.Environment("node", 1)["PET_MASTER_ADDR"]);
    }

    [Fact]
    public void Hundred_nodes_and_two_initializers_are_one_job()
    {
        var world = TrainJobWorld.Of(Job("trainer: { numNodes: 100 }", runtime: "steps"), Steps);
        world.Settle();
        world.Set(world.Pod("dataset-initializer").Succeeded());
        world.Set(world.Pod("model-initializer").Succeeded());
        world.Settle();
        Assert.Equal(102, world.Created.Count);
        Assert.Single(world.CreatedServices);
        Assert.All(world.Created, pod => Assert.Equal("job-uid", pod.OwnerReferences().Single().Uid));
    }
}
