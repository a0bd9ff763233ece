using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <content>When pods may start: as a gang, behind their leader, or at once.</content>
internal sealed partial class TrainingStateMachine
{
    private GangScheduler? GangOf(TrainingTurn turn) => GangScheduler.Of(turn.Job.Annotations, options);

    /// <summary>What stands beside the pods of a running job.</summary>
    private IEnumerable<IKubernetesObject<V1ObjectMeta>> Companions(TrainingTurn turn, JobReplicas replicas) =>
    [
        .. rules.Companions(turn.Job, replicas),
        .. GangOf(turn) is { } gang && !turn.IsUnknown(gang.PodGroupKind) ? [PodGroupBuilder.Build(turn.Job, gang, GroupOf(turn, gang))] : Array.Empty<IKubernetesObject<V1ObjectMeta>>(),
        .. ProgressServerOf(turn) is { } server ? [ProgressSecret(turn.Job, server)] : Array.Empty<IKubernetesObject<V1ObjectMeta>>(),
    ];

    private static ObservedChild? GroupOf(TrainingTurn turn, GangScheduler gang) =>
        turn.Children.FirstOrDefault(child => child.Kind == gang.PodGroupKind && child.Name == turn.Job.Name);

    /// <summary>Volcano lets a group in when its queue has room: pods made earlier would only wait in the cluster.</summary>
    private bool GangMayStart(TrainingTurn turn)
    {
        if (GangOf(turn) is not { } gang)
        {
            return true;
        }

        if (turn.IsUnknown(gang.PodGroupKind))
        {
            turn.WakeAt(turn.Now + GangScheduler.UntilUnknownKindIsTried);
            turn.SayOnce("gangScheduler", DecisionEvent.Warning(PendingReasons.GangSchedulerMissing, gang.MissingMessage));
            return false;
        }

        return !gang.IsVolcano || (GroupOf(turn, gang)?.Content.Get("status").Text("phase") ?? "") is not ("" or "Pending");
    }

    private PendingReason? PendingReasonOf(TrainingTurn turn, JobReplicas replicas)
    {
        var isMissing = replicas.All.Any(replica => replica is { Pod: null, IsCompleted: false });
        if (isMissing && GangOf(turn) is { } gang && turn.IsUnknown(gang.PodGroupKind))
        {
            return new PendingReason(PendingReasons.GangSchedulerMissing, gang.MissingMessage);
        }

        var known = turn.Status.Conditions.Find(JobCondition.PodsPending);
        return PendingReasons.Of(replicas, turn.Refusals)
            ?? (isMissing && known is not null && PendingReasons.IsRefusal(known.Reason) ? new PendingReason(known.Reason, known.Message) : null);
    }

    private bool MayStart(TrainingTurn turn, Replica replica, JobReplicas replicas) =>
        (!GatedStart.Applies(turn.Job, rules, options) || GatedStart.IsOpenFor(replica, turn.Job, rules, replicas)) && rules.MayStart(turn.Job, replica, replicas);

    private ClusterAction.CreatePod CreatePod(TrainingTurn turn, Replica replica)
    {
        var pod = PodBuilder.Build(turn.Job, replica.Spec, replica.Index, turn.Notes.Attempt, rules);
        if (GangOf(turn) is { } gang)
        {
            WarnOfScheduler(turn, gang);
            GangMembership.Decorate(pod, turn.Job, replica.Spec.Role, gang);
        }

        if (ProgressServerOf(turn) is { Address: { } address })
        {
            ProgressAccess.Give(pod.Spec, ProgressReporter.Of(turn.Job), address);
        }

        return new ClusterAction.CreatePod(pod);
    }

    private static V1Secret ProgressSecret(TrainingJob job, ProgressServer server)
    {
        var reporter = ProgressReporter.Of(job);
        return ProgressAccess.Secret(
            reporter,
            new V1ObjectMeta
            {
                Name = reporter.SecretName,
                NamespaceProperty = job.Namespace,
                Labels = ReplicaLabels.OfCompanion(job),
                OwnerReferences = [PodBuilder.OwnerReference(job)],
            },
            server);
    }

    /// <summary>Null: the job's pods do not report.</summary>
    private ProgressServer? ProgressServerOf(TrainingTurn turn) =>
        turn.Job.Annotations.ReportsProgress && !ProgressAccess.Kinds(options.ProgressServer).Any(turn.IsUnknown) ? options.ProgressServer : null;

    private static void WarnOfScheduler(TrainingTurn turn, GangScheduler gang)
    {
        if (GangMembership.NamesAnotherScheduler(turn.Job, gang))
        {
            turn.SayOnce("schedulerName", DecisionEvent.Warning(
                "SetPodTemplateSchedulerName", "Another scheduler is specified when gang-scheduling is enabled and it will not be overwritten"));
        }
    }
}
