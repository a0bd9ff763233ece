using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Running;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <content>The objects of a job: its pods and what stands beside them.</content>
internal sealed partial class TrainJobStateMachine
{
    /// <summary>Bounds what one decision may cost; the rest follows in the next ones.</summary>
    private const int MostCreations = 250;

    private static readonly TimeSpan UntilMoreCreations = TimeSpan.FromSeconds(1);

    private void Populate(TrainJobTurn turn, TrainJobPlan plan, ChildJobs jobs)
    {
        turn.Delete(jobs.Strangers);
        KeepCompanions(turn, plan);
        KeepPodGroup(turn, plan);
        var room = MostCreations;
        foreach (var job in jobs.All.Where(jobs.MayStart))
        {
            room = Populate(turn, plan, job, room);
        }
    }

    private int Populate(TrainJobTurn turn, TrainJobPlan plan, ChildJob job, int room)
    {
        if (job.IsFinished || !job.FormerPods.IsEmpty)
        {
            turn.Delete(job.FormerPods);
            turn.Delete(job.IsFinished ? job.UnfinishedPods : []);
            return room;
        }

        job.Start(turn.Now);
        turn.WakeAt(job.Deadline);
        turn.Delete(job.SurplusPods);
        foreach (var index in job.MissingIndexes)
        {
            if (job.IsRetry(index) && job.MayRetryAt(index) > turn.Now)
            {
                turn.WakeAt(job.MayRetryAt(index));
            }
            else if (room == 0)
            {
                turn.WakeAt(turn.Now + UntilMoreCreations);
                break;
            }
            else
            {
                room--;
                turn.Act(new ClusterAction.CreatePod(Pod(turn, plan, job, index)));
            }
        }

        return room;
    }

    /// <summary>A member of its group if there is one; the programs that train may report how far they are.</summary>
    private V1Pod Pod(TrainJobTurn turn, TrainJobPlan plan, ChildJob job, int index)
    {
        var pod = ChildObjects.Pod(plan, job, index);
        if (plan.Gang is { } gang && gang.Includes(job.Template))
        {
            gang.Join(pod, GangScheduler.Of(turn.Job.Annotations, options));
        }

        if (turn.Job.Annotations.ReportsProgress && options.ProgressServer?.Address is { } address && job.Template.Step == TrainerApi.Trainer)
        {
            ProgressAccess.Give(pod.Spec, ReporterOf(turn.Job), address);
        }

        return pod;
    }

    private IEnumerable<V1Secret> ProgressTokens(TrainJobTurn turn) => turn.Job.Annotations.ReportsProgress && options.ProgressServer is { } server
        ? [ProgressAccess.Secret(ReporterOf(turn.Job), ChildObjects.Metadata(turn.Job, ReporterOf(turn.Job).SecretName), server)]
        : [];

    private ProgressReporter ReporterOf(TrainJobSpec job) => new(kind.ApiVersion(TrainerApi.Version), kind.Plural, job.Namespace, job.Name, job.Uid);

    private void KeepCompanions(TrainJobTurn turn, TrainJobPlan plan)
    {
        if (plan.HasHostNames && turn.Services.Count == 0)
        {
            turn.Act(new ClusterAction.CreateService(ChildObjects.Service(plan)));
        }

        turn.Act(WantedChildren.Actions([.. ChildObjects.ConfigMaps(plan), .. ChildObjects.Claims(plan, turn.Children), .. ChildObjects.Keys(plan, turn.Children, options.NewSshKeyPair), .. ProgressTokens(turn)], [.. turn.Children.Where(child => !GangScheduler.PodGroupKinds.Contains(child.Kind))]));
        if (!turn.Notes.RetainedClaimsMade)
        {
            var missing = ChildObjects.RetainedClaims(plan).ExceptBy(turn.JustMadeForGood, claim => claim.Metadata.Name).ToList();
            turn.Act(missing.Select(claim => new ClusterAction.Create(claim)));
            turn.Notes = turn.Notes with { RetainedClaimsMade = missing.Count == 0 };
        }
    }

    /// <summary>One group, of the kind the runtime asks for. While the job runs it stays as it is; what changes it is a patch, and that comes while the job is suspended.</summary>
    private static void KeepPodGroup(TrainJobTurn turn, TrainJobPlan plan)
    {
        var present = turn.Children.Where(child => GangScheduler.PodGroupKinds.Contains(child.Kind)).ToList();
        if (plan.Gang is { } gang && !turn.IsUnknown(gang.Scheduler.PodGroupKind) && (turn.Job.Suspend || !present.Exists(group => group.Kind == gang.Scheduler.PodGroupKind)))
        {
            turn.Act(WantedChildren.Actions([gang.PodGroup(ChildObjects.Metadata(turn.Job, turn.Job.Name))], present));
        }
    }
}
