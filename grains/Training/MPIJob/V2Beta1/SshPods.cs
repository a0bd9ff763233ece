using System.Globalization;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.Progress;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>Makes the pods of workers and the template of the launcher's.</summary>
internal static class SshPods
{
    public const string WorkerRole = "worker";
    public const string LauncherRole = "launcher";

    private const string RoleVariable = "K_MPI_JOB_ROLE";
    private static readonly string[] HiddenDevices = ["NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"];

    private const int Readable = 0x124;
    private const int Executable = 0x16D;

    public static V1Pod Worker(SshJob job, int index)
    {
        var template = Template(job, job.Workers!, job.WorkerName(index));
        var container = template.Spec.Containers[0];
        if (container is { Command: not { Count: > 0 }, Args: not { Count: > 0 } })
        {
            container.Command = ["/usr/sbin/sshd", "-De"];
        }

        // Intel MPI and MPICH call the launcher by its bare host name.
        template.Spec.DnsConfig ??= new V1PodDNSConfig();
        template.Spec.DnsConfig.Searches = [.. template.Spec.DnsConfig.Searches ?? [], $"{job.Job.Name}.{job.Job.Namespace}.svc.cluster.local"];
        PodBuilder.AddEnvironment(container, [new V1EnvVar { Name = RoleVariable, Value = WorkerRole }]);
        SshAccess.Mount(template.Spec, container, job.SecretName, job.SshPath);
        Label(template.Metadata.Labels, job, WorkerRole, job.IndexOfWorker(index));
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = job.WorkerName(index),
                NamespaceProperty = job.Job.Namespace,
                Labels = template.Metadata.Labels,
                Annotations = template.Metadata.Annotations,
                Finalizers = template.Metadata.Finalizers,
                OwnerReferences = [PodBuilder.OwnerReference(job.Job)],
            },
            Spec = template.Spec,
        };
    }

    public static V1PodTemplateSpec Launcher(SshJob job, TrainingOptions options)
    {
        var template = Template(job, job.Launcher, job.LauncherName);
        var container = template.Spec.Containers[0];
        PodBuilder.AddEnvironment(container, [.. LauncherEnvironment(job), .. options.MPILauncherVariables.Select(variable => new V1EnvVar { Name = variable.Key, Value = variable.Value })]);
        SshAccess.Mount(template.Spec, container, job.SecretName, job.SshPath);
        container.VolumeMounts.Add(new V1VolumeMount { Name = SshJob.ConfigVolume, MountPath = SshJob.ConfigDirectory });
        template.Spec.Volumes.Add(new V1Volume
        {
            Name = SshJob.ConfigVolume,
            ConfigMap = new V1ConfigMapVolumeSource
            {
                Name = job.ConfigName,
                Items =
                [
                    new V1KeyToPath { Key = SshJob.HostFile, Path = SshJob.HostFile, Mode = Readable },
                    new V1KeyToPath { Key = SshJob.DiscoveryScript, Path = SshJob.DiscoveryScript, Mode = Executable },
                ],
            },
        });
        Label(template.Metadata.Labels, job, LauncherRole, job.LauncherIsWorker ? 0 : null);
        return template;
    }

    private static IEnumerable<V1EnvVar> LauncherEnvironment(SshJob job) =>
    [
        new V1EnvVar { Name = RoleVariable, Value = LauncherRole },
        .. MPIImplementation.LauncherEnvironment(job.Implementation, job.Slots).Select(variable => new V1EnvVar { Name = variable.Name, Value = variable.Value }),

        // A launcher that only launches must not be shown the node's GPUs.
        .. job.LauncherIsWorker ? [] : HiddenDevices.Select(name => new V1EnvVar { Name = name }),
    ];

    private static V1PodTemplateSpec Template(SshJob job, ReplicaSpec spec, string hostname)
    {
        var template = KubernetesJson.Deserialize<V1PodTemplateSpec>(spec.Template.GetRawText());
        template.Metadata ??= new V1ObjectMeta();
        template.Metadata.Labels = new Dictionary<string, string>(template.Metadata.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        var pod = template.Spec;
        pod.RestartPolicy = spec.RestartPolicy;
        pod.Hostname = hostname;
        pod.Subdomain = job.Job.Name;
        if (pod.HostNetwork == true)
        {
            pod.DnsPolicy = "ClusterFirstWithHostNet";
        }

        if (job.ProgressServer is { Address: { } address })
        {
            ProgressAccess.Give(pod, ProgressReporter.Of(job.Job), address);
        }

        SshGang.Join(job, template);
        return template;
    }

    private static void Label(IDictionary<string, string> labels, SshJob job, string role, int? index)
    {
        labels[ReplicaLabels.OperatorName] = job.Job.Kind.OperatorName;
        labels[ReplicaLabels.JobName] = job.Job.Name;
        labels[ReplicaLabels.JobRole] = role;
        foreach (var (name, value) in ReplicaLabels.OfCompanion(job.Job))
        {
            labels[name] = value;
        }

        if (index is { } number)
        {
            labels[ReplicaLabels.ReplicaIndex] = number.ToString(CultureInfo.InvariantCulture);
        }
    }
}
