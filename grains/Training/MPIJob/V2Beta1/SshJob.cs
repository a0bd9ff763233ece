using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>An MPIJob v2beta1 as its manifests need it: names, hosts, and what its spec says beside the replicas.</summary>
internal sealed class SshJob(TrainingJob job, TrainingOptions options)
{
    public const string ConfigVolume = "mpi-job-config";
    public const string ConfigDirectory = "/etc/mpi";
    public const string HostFile = "hostfile";
    public const string DiscoveryScript = "discover_hosts.sh";

    public TrainingJob Job => job;

    public TrainingOptions Options => options;

    public ReplicaSpec Launcher => job.Replica(MPIJobV2Kind.Launcher)!;

    public ReplicaSpec? Workers => job.Replica(TrainingKind.Worker);

    public int WorkerCount => Workers?.Replicas ?? 0;

    /// <summary>Null: its pods are scheduled one by one.</summary>
    public GangScheduler? Gang { get; } = GangScheduler.Of(job.Annotations, options);

    /// <summary>Null: its pods do not report.</summary>
    public ProgressServer? ProgressServer => job.Annotations.ReportsProgress ? options.ProgressServer : null;

    public string Implementation => job.Spec.Text("mpiImplementation") ?? MPIImplementation.OpenMPI;

    public long Slots => job.Spec.Integer("slotsPerWorker") ?? 1;

    public bool LauncherIsWorker => job.Spec.Flag("runLauncherAsWorker");

    public bool LauncherWaits => job.Spec.Text("launcherCreationPolicy") is { } policy && policy != "AtStartup";

    public string SshPath => job.Spec.Text("sshAuthMountPath") is { Length: > 0 } path ? path : SshAccess.RootPath;

    public string LauncherName => job.ReplicaName(MPIJobV2Kind.Launcher, 0);

    public string ConfigName => $"{job.Name}-config";

    public string SecretName => $"{job.Name}-ssh";

    public string WorkerName(int index) => job.ReplicaName(TrainingKind.Worker, index);

    /// <summary>The number in the label replica-index: the launcher, where it computes too, is number 0.</summary>
    public int IndexOfWorker(int index) => LauncherIsWorker ? index + 1 : index;

    public V1Service Service() => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = MPICompanions.Metadata(job, job.Name),
        Spec = new V1ServiceSpec
        {
            ClusterIP = "None",
            Selector = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [ReplicaLabels.OperatorName] = job.Kind.OperatorName,
                [ReplicaLabels.JobName] = job.Name,
            },

            // The launcher must find the workers' names before their first probe, or it fails where waiting a moment would do.
            PublishNotReadyAddresses = true,
        },
    };

    public V1ConfigMap Config(IEnumerable<ObservedPod> workers) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = MPICompanions.Metadata(job, ConfigName),
        Data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [HostFile] = string.Concat(Computing(Enumerable.Range(0, WorkerCount).Select(WorkerName)).Select(host => MPIImplementation.HostLine(Implementation, host, Slots))),
            [DiscoveryScript] = $"#!/bin/sh\n{string.Concat(Computing(workers.Where(pod => pod.Phase == "Running").Select(pod => pod.Name).Order(StringComparer.Ordinal)).Select(host => $"echo {host}\n"))}",
        },
    };

    private IEnumerable<string> Computing(IEnumerable<string> workers) =>
        (LauncherIsWorker ? workers.Prepend(LauncherName) : workers).Select(pod => $"{pod}.{job.Name}.{job.Namespace}.svc{(options.ClusterDomain.Length == 0 ? "" : "." + options.ClusterDomain)}");
}
