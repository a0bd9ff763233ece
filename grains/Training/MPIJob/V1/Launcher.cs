using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V1;

/// <summary>What the launcher's pod gets: kubectl, the scripts, and variables that make mpirun use them.</summary>
internal static class Launcher
{
    private const string KubectlVolume = "mpi-job-kubectl";
    private const string Bootstrap = "I_MPI_HYDRA_BOOTSTRAP";
    private const string BootstrapExec = "I_MPI_HYDRA_BOOTSTRAP_EXEC";

    /// <summary>A launcher with a GPU computes too.</summary>
    public static bool UsesGpu(TrainingJob job) => (job.Replica(MPIJobV1Kind.Launcher)?.Template.Get("spec").Items("containers") ?? [])
        .SelectMany(container => container.Get("resources", "limits").Members())
        .Any(limit => limit.Name.EndsWith(".com/gpu", StringComparison.Ordinal) || limit.Name.Contains("gpu", StringComparison.Ordinal));

    public static void Prepare(V1PodSpec pod, TrainingJob job, TrainingOptions options)
    {
        pod.ServiceAccountName = LauncherAccess.AccountOf(job);
        pod.InitContainers = [.. pod.InitContainers ?? [], KubectlDelivery(job, options)];
        var container = pod.Containers[0];
        PodBuilder.AddEnvironment(container, [.. Environment(job, container), .. options.MPILauncherVariables.Select(variable => Variable(variable.Key, variable.Value))]);
        container.VolumeMounts = [.. container.VolumeMounts ?? [], .. Mounts()];
        pod.Volumes =
        [
            .. pod.Volumes ?? [],
            new V1Volume { Name = KubectlVolume, EmptyDir = new V1EmptyDirVolumeSource() },
            ExecConfig.VolumeOf(job, ExecConfig.ExecScript, ExecConfig.HostFile, ExecConfig.DiscoveryScript),
        ];
    }

    private static IEnumerable<V1EnvVar> Environment(TrainingJob job, V1Container container)
    {
        yield return Variable("OMPI_MCA_plm_rsh_agent", $"{ExecConfig.Directory}/{ExecConfig.ExecScript}");
        yield return Variable("OMPI_MCA_orte_default_hostfile", $"{ExecConfig.Directory}/{ExecConfig.HostFile}");
        if (!UsesGpu(job))
        {
            yield return Variable("NVIDIA_VISIBLE_DEVICES", "");
            yield return Variable("NVIDIA_DRIVER_CAPABILITIES", "");
        }

        foreach (var (name, value) in ((string, string)[])[(Bootstrap, "rsh"), (BootstrapExec, $"{ExecConfig.Directory}/{ExecConfig.ExecScript}")])
        {
            if (container.Env?.Any(variable => variable.Name == name) != true)
            {
                yield return Variable(name, value);
            }
        }
    }

    /// <summary>Puts kubectl where kubexec.sh looks for it; upstream's image also waits there until the workers run.</summary>
    private static V1Container KubectlDelivery(TrainingJob job, TrainingOptions options)
    {
        var resources = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
        {
            ["cpu"] = new("100m"),
            ["ephemeral-storage"] = new("5Gi"),
            ["memory"] = new("512Mi"),
        };
        return new V1Container
        {
            Name = "kubectl-delivery",
            Image = options.MPIKubectlDeliveryImage,
            ImagePullPolicy = "IfNotPresent",
            Command = options.MPIKubectlDeliveryCommand.IsEmpty ? null : [.. options.MPIKubectlDeliveryCommand],
            Env = [Variable("TARGET_DIR", ExecConfig.KubectlDirectory), Variable("NAMESPACE", job.Namespace)],
            VolumeMounts = [.. Mounts()],
            Resources = new V1ResourceRequirements { Limits = resources, Requests = resources },
        };
    }

    private static IEnumerable<V1VolumeMount> Mounts() =>
    [
        new V1VolumeMount { Name = KubectlVolume, MountPath = ExecConfig.KubectlDirectory },
        new V1VolumeMount { Name = ExecConfig.Volume, MountPath = ExecConfig.Directory },
    ];

    private static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };
}
