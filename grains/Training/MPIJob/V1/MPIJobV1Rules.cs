using System.Collections.Immutable;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V1;

/// <summary>The launcher speaks for the job; workers only wait for what it starts in them.</summary>
internal sealed class MPIJobV1Rules(MPIJobV1Kind kind, TrainingOptions options) : ITrainingRules
{
    public TrainingKind Kind => kind;

    public IReadOnlyCollection<ChildKind> CompanionKinds { get; } =
        [ChildKind.Of<V1ConfigMap>(), ChildKind.Of<V1ServiceAccount>(), ChildKind.Of<V1Role>(), ChildKind.Of<V1RoleBinding>()];

    /// <summary>A launcher that is resumed needs them again, and who looks into what happened may want to see them.</summary>
    public bool KeepsCompanions => true;

    public bool IsMaster(TrainingJob job, string role, int index) => role == MPIJobV1Kind.Launcher;

    public void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index)
    {
        if (spec.Role == MPIJobV1Kind.Launcher)
        {
            Launcher.Prepare(pod, job, options);
        }
        else
        {
            PrepareWorker(pod, job);
        }
    }

    public bool IsRunning(TrainingJob job, JobReplicas replicas) => replicas.Active(MPIJobV1Kind.Launcher) > 0;

    public bool HasSucceeded(TrainingJob job, JobReplicas replicas) => replicas.HaveAllSucceeded(MPIJobV1Kind.Launcher);

    public JobMessages Messages(TrainingJob job) => new(
        $"MPIJob {job.Name} is running.",
        $"MPIJob {job.Name} is successfully completed.",
        (role, count) => $"MPIJob {job.Name} is failed because {count} {role} replica(s) failed.");

    public IEnumerable<IKubernetesObject<V1ObjectMeta>> Companions(TrainingJob job, JobReplicas replicas) => [ExecConfig.Build(job, replicas), .. LauncherAccess.Build(job)];

    /// <summary>Once the launcher has ended, workers count for nothing.</summary>
    public ImmutableSortedDictionary<string, ReplicaStatus> Statuses(TrainingJob job, JobReplicas replicas)
    {
        var statuses = replicas.ToStatuses();
        var launcherEnded = replicas.Succeeded(MPIJobV1Kind.Launcher) + replicas.FailedOf(MPIJobV1Kind.Launcher) > 0;
        return launcherEnded && statuses.ContainsKey(TrainingKind.Worker) ? statuses.SetItem(TrainingKind.Worker, new ReplicaStatus(0, 0, 0)) : statuses;
    }

    private static void PrepareWorker(V1PodSpec pod, TrainingJob job)
    {
        var container = pod.Containers[0];
        if (container.Command is not { Count: > 0 })
        {
            (container.Command, container.Args) = (["sleep"], ["365d"]);
        }

        container.VolumeMounts = [.. container.VolumeMounts ?? [], new V1VolumeMount { Name = ExecConfig.Volume, MountPath = ExecConfig.Directory }];
        pod.Volumes = [.. pod.Volumes ?? [], ExecConfig.VolumeOf(job, ExecConfig.ExecScript)];
    }
}
