using System.Text;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using static Kubeflow.Orleans.Grains.Training.TrainJob.Plan.ContainerEditing;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Policies;

/// <summary>MPI: a launcher starts processes on the nodes over SSH; a file names the nodes, a secret holds the keys.</summary>
internal sealed class MPIPolicy : ITrainerPolicy
{
    private const string SshVolume = "mpi-ssh-auth";
    private const string HostfileVolume = "mpi-hostfile";
    private const string HostfileDirectory = "/etc/mpi";
    private const string Hostfile = "hostfile";

    private static readonly string[] Reserved =
        ["OMPI_MCA_orte_default_hostfile", "OMPI_MCA_plm_rsh_args", "OMPI_MCA_orte_keep_fqdn_hostnames", "OMPI_MCA_orte_set_default_slots"];

    public string Field => "mpi";

    public IEnumerable<FieldError> Validate(TrainJobSpec job, RuntimeView runtime) =>
    [
        .. TrainerPolicies.ReservedVariables(job, Reserved),
        .. job.Trainer?.NumNodes is >= 2 and var nodes && new Settings(job, runtime).LauncherIsNode && (runtime.Job(TrainerApi.Launcher) is null || runtime.Job(TrainerApi.Node) is null)
            ? [FieldError.Invalid("spec.trainer.numNodes", $"{nodes}", "must have 1 when MPI trainingRuntime with enabled runLauncherAsNode does not have either launcher and node")]
            : Array.Empty<FieldError>(),
    ];

    public void Apply(TrainJobPlan plan)
    {
        var settings = new Settings(plan.Job, plan.Runtime);
        if (plan.Find(TrainerApi.Node) is not { } nodes)
        {
            return;
        }

        Size(plan, nodes, settings);
        ShareWithNodes(plan, nodes, settings);
        foreach (var job in plan.Jobs.Where(job => job.Name is TrainerApi.Node or TrainerApi.Launcher))
        {
            MountKeys(plan, job, settings.KeyPath);
        }

        if (plan.Find(TrainerApi.Launcher) is { } launcher && settings.IsOpenMPI)
        {
            Launch(plan, launcher, settings);
        }
    }

    private static void Size(TrainJobPlan plan, ReplicatedJob nodes, Settings settings)
    {
        var wanted = plan.Job.Trainer?.NumNodes ?? (int)Math.Clamp(plan.Runtime.MLPolicy.Integer("numNodes") ?? 1, 1, TrainerApi.MaximumNodes);
        nodes.Nodes = settings.LauncherIsNode ? Math.Max(wanted - 1, 1) : wanted;
        if (plan.Find(TrainerApi.Launcher) is { } launcher)
        {
            launcher.Nodes = 1;
        }
    }

    /// <summary>Where the launcher is a node too, what is said of the trainer holds for the other nodes as well.</summary>
    private static void ShareWithNodes(TrainJobPlan plan, ReplicatedJob nodes, Settings settings)
    {
        if (settings.LauncherIsNode && nodes.Container(TrainerApi.Node) is { } container && plan.Job.Trainer is { } trainer)
        {
            container.Resources = trainer.ResourcesPerNode is { } given ? NodeResources.Merge(container.Resources, given) : container.Resources;
            container.SetEnvironment(trainer.Env ?? []);
        }
    }

    private static void MountKeys(TrainJobPlan plan, ReplicatedJob job, string path)
    {
        plan.SshSecret = $"{plan.Job.Name}-{SshVolume}";
        job.Pod.Spec.SetVolume(new V1Volume
        {
            Name = SshVolume,
            Secret = new V1SecretVolumeSource
            {
                SecretName = plan.SshSecret,
                DefaultMode = Octal("400"),
                Items =
                [
                    new V1KeyToPath { Key = "ssh-privatekey", Path = "id_rsa", Mode = Octal("640") },
                    new V1KeyToPath { Key = "ssh-publickey", Path = "id_rsa.pub", Mode = Octal("644") },
                    new V1KeyToPath { Key = "ssh-publickey", Path = "authorized_keys", Mode = Octal("644") },
                ],
            },
        });
        job.Container(TrainerApi.Node)?.Mount(SshVolume, path);
    }

    private static void Launch(TrainJobPlan plan, ReplicatedJob launcher, Settings settings)
    {
        var name = $"{plan.Job.Name}-{HostfileVolume}";
        plan.ConfigMaps.Add(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = name }, Data = new Dictionary<string, string> { [Hostfile] = Hosts(plan, settings) } });
        launcher.Pod.Spec.SetVolume(new V1Volume
        {
            Name = HostfileVolume,
            ConfigMap = new V1ConfigMapVolumeSource { Name = name, Items = [new V1KeyToPath { Key = Hostfile, Path = Hostfile, Mode = Octal("444") }] },
        });
        if (launcher.Container(TrainerApi.Node) is { } container)
        {
            container.Mount(HostfileVolume, HostfileDirectory);
            container.SetEnvironment(
            [
                Variable("OMPI_MCA_orte_default_hostfile", $"{HostfileDirectory}/{Hostfile}"),
                Variable("OMPI_MCA_orte_keep_fqdn_hostnames", "true"),
                Variable("OMPI_MCA_orte_set_default_slots", settings.Processes),
                Variable("OMPI_MCA_plm_rsh_args", "-o ConnectionAttempts=10"),
            ]);
        }
    }

    private static string Hosts(TrainJobPlan plan, Settings settings)
    {
        var hosts = new StringBuilder();
        foreach (var job in plan.Jobs.Where(job => job.Name == TrainerApi.Node || (settings.LauncherIsNode && job.Name == TrainerApi.Launcher)))
        {
            foreach (var index in Enumerable.Range(0, job.Nodes))
            {
                hosts.Append(System.Globalization.CultureInfo.InvariantCulture, $"{plan.Endpoint(job, 0, index)} slots={settings.Processes}\n");
            }
        }

        return hosts.ToString();
    }

    private static int Octal(string mode) => Convert.ToInt32(mode, 8);

    /// <summary>The runtime's MPI policy as this job uses it.</summary>
    private readonly struct Settings(TrainJobSpec job, RuntimeView runtime)
    {
        private readonly System.Text.Json.JsonElement policy = runtime.MLPolicy.Get("mpi");

        public bool LauncherIsNode => policy.Flag("runLauncherAsNode");

        public bool IsOpenMPI => policy.Text("mpiImplementation") is null or "OpenMPI";

        public string KeyPath => policy.Text("sshAuthMountPath") is { Length: > 0 } path ? path : "/root/.ssh";

        /// <summary>Processes of a node: what the job says, else one for each graphics processor unless the runtime says more.</summary>
        public long Processes => job.Trainer?.NumProcPerNode is { } given ? given
            : policy.Integer("numProcPerNode") is > 1 and var fixedNumber ? fixedNumber
            : Math.Max(1, NodeResources.Gpus(job.Trainer?.ResourcesPerNode));
    }
}
