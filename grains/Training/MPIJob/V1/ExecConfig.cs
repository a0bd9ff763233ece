using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V1;

/// <summary>What the launcher finds in <c>/etc/mpi</c>: where the workers are, and how mpirun gets at them.</summary>
internal static class ExecConfig
{
    public const string Volume = "mpi-job-config";
    public const string Directory = "/etc/mpi";
    public const string KubectlDirectory = "/opt/kube";
    public const string HostFile = "hostfile";
    public const string ExecScript = "kubexec.sh";
    public const string DiscoveryScript = "discover_hosts.sh";

    private const int Executable = 0x16D;
    private const int Readable = 0x124;

    public static string Name(TrainingJob job) => $"{job.Name}-config";

    public static V1ConfigMap Build(TrainingJob job, JobReplicas replicas) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = MPICompanions.Metadata(job, Name(job)),
        Data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [HostFile] = Hosts(job),
            [ExecScript] = Exec(job),
            [DiscoveryScript] = Discovery(job, replicas),
        },
    };

    /// <summary>The volume as a pod gets it, with just these keys.</summary>
    public static V1Volume VolumeOf(TrainingJob job, params ReadOnlySpan<string> keys)
    {
        var items = new List<V1KeyToPath>();
        foreach (var key in keys)
        {
            items.Add(new V1KeyToPath { Key = key, Path = key, Mode = key == HostFile ? Readable : Executable });
        }

        return new V1Volume { Name = Volume, ConfigMap = new V1ConfigMapVolumeSource { Name = Name(job), Items = items } };
    }

    private static string Hosts(TrainingJob job)
    {
        var launcher = Launcher.UsesGpu(job) ? [job.ReplicaName(MPIJobV1Kind.Launcher, 0)] : Array.Empty<string>();
        var workers = Enumerable.Range(0, job.Replica(TrainingKind.Worker)?.Replicas ?? 0).Select(index => job.ReplicaName(TrainingKind.Worker, index));
        return string.Concat(launcher.Concat(workers).Select(host => $"{host} slots={Slots(job)}\n"));
    }

    private static string Exec(TrainingJob job)
    {
        var container = job.Spec.Text("mainContainer") is { Length: > 0 } main ? $" --container {main}" : "";
        return $$"""
            #!/bin/sh
            set -x
            POD_NAME=$1
            shift
            {{KubectlDirectory}}/kubectl exec ${POD_NAME}{{container}} -- /bin/sh -c "$*"
            """;
    }

    /// <summary>Elastic programs ask it again and again which workers there are.</summary>
    private static string Discovery(TrainingJob job, JobReplicas replicas)
    {
        var launcher = Launcher.UsesGpu(job) ? [job.ReplicaName(MPIJobV1Kind.Launcher, 0)] : Array.Empty<string>();
        var running = replicas.All.Where(replica => replica is { Spec.Role: TrainingKind.Worker, IsRunning: true }).Select(replica => replica.Name).Order(StringComparer.Ordinal);
        return $"#!/bin/sh{string.Concat(launcher.Concat(running).Select(host => $"\necho {host}:{Slots(job)}\n"))}";
    }

    private static long Slots(TrainingJob job) => job.Spec.Integer("slotsPerWorker") ?? 1;
}
