using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Running;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>
/// How a TrainJob lives: it takes its runtime once, becomes jobs of pods in the order they depend on each other, may be suspended and
/// resumed, is started again as a whole where its failure policy says so, and ends once and for all.
/// </summary>
internal sealed partial class TrainJobStateMachine(TrainJobKind kind, TrainingOptions options) : IStateMachine
{
    private const string CreationFailed = "TrainJobResourcesCreationFailed";
    private const string DeadlineExceeded = "DeadlineExceeded";
    private const int LongestReport = 950;

    public string Resource => kind.Resource;

    public string Component => "trainjob-controller";

    public IReferringKind Referring => kind;

    public IReadOnlyCollection<ChildKind> ChildKinds { get; } = [ChildKind.Of<V1ConfigMap>(), ChildKind.Of<V1PersistentVolumeClaim>(), ChildKind.Of<V1Secret>(), .. GangScheduler.PodGroupKinds];

    public Decision Decide(Situation situation)
    {
        var job = new TrainJobSpec(situation.Document.Root);
        if (job.IsManagedElsewhere || situation.Document.Metadata.DeletionTimestamp is not null)
        {
            return new Decision();
        }

        var turn = new TrainJobTurn(job, situation);
        if (!turn.IsFinished)
        {
            Continue(turn);
        }

        if (turn.IsFinished)
        {
            CleanUp(turn);
        }
        else
        {
            turn.WakeAt(RunPolicyRules.SafetyCheck(job.Uid, turn.Now));
        }

        return turn.ToDecision();
    }

    private void Continue(TrainJobTurn turn)
    {
        if (turn.Job.RuntimeKey is null)
        {
            End(turn, TrainJobCondition.Failed, "TrainingRuntimeNotSupported", $"unsupported runtime: {turn.Job.RuntimeType}");
            return;
        }

        SetSuspended(turn);
        if (MakePlan(turn) is { } plan)
        {
            Follow(turn, plan);
        }
    }

    /// <summary>Null when no plan can be made (yet); an event has said why.</summary>
    private static TrainJobPlan? MakePlan(TrainJobTurn turn)
    {
        if (turn.Runtime() is not { } runtime)
        {
            turn.Complain([Unable($"{turn.Job.RuntimeKey!.Value.Resource} \"{turn.Job.RuntimeName}\" not found")]);
            return null;
        }

        try
        {
            return TrainJobPlan.Build(turn.Job, runtime);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            // A runtime whose rules are switched off may say anything.
            turn.Complain([Unable(unreadable.Message)]);
            return null;
        }
    }

    private static DecisionEvent Unable(string reason) => DecisionEvent.Warning(
        CreationFailed, $"TrainJob resources reconciliation failed: {(reason.Length > LongestReport ? reason[..LongestReport] + " ..." : reason)}");

    /// <summary>A job that was never suspended has no such condition: SDKs take any condition for a reason to wait.</summary>
    private static void SetSuspended(TrainJobTurn turn)
    {
        var wasSuspended = turn.Status.Find(TrainJobCondition.Suspended)?.Status == TrainJobCondition.True;
        if (turn.Job.Suspend && !wasSuspended)
        {
            turn.Set(TrainJobCondition.Suspended, TrainJobCondition.True, "Suspended", "TrainJob is suspended");
            turn.Say(DecisionEvent.Normal("Suspended", "TrainJob is suspended"));
        }
        else if (!turn.Job.Suspend && wasSuspended)
        {
            turn.Set(TrainJobCondition.Suspended, TrainJobCondition.False, "Resumed", "TrainJob is resumed");
            turn.Say(DecisionEvent.Normal("Resumed", "TrainJob is resumed"));
        }
    }

    private void Follow(TrainJobTurn turn, TrainJobPlan plan)
    {
        var jobs = turn.Observe(plan);
        if (jobs.HaveSucceeded)
        {
            End(turn, TrainJobCondition.Complete, "AllJobsCompleted", "jobset completed successfully");
        }
        else if (jobs.FirstFailed is { } failed)
        {
            Recover(turn, plan, failed);
            jobs = turn.IsFinished ? jobs : turn.Observe(plan);
        }
        else if (!turn.Job.Suspend && Deadline(turn) <= turn.Now)
        {
            End(turn, TrainJobCondition.Failed, DeadlineExceeded, "TrainJob exceeded its active deadline");
        }

        if (!turn.IsFinished)
        {
            CarryOn(turn, plan, jobs);
        }

        turn.Keep(jobs);
    }

    private void CarryOn(TrainJobTurn turn, TrainJobPlan plan, ChildJobs jobs)
    {
        var missing = plan.Gang is { } gang && turn.IsUnknown(gang.Scheduler.PodGroupKind) ? gang.Scheduler : null;
        turn.Complain([.. missing is null ? [] : new[] { DecisionEvent.Warning(PendingReasons.GangSchedulerMissing, missing.MissingMessage) }, .. PodComplaints.Of(turn.Pods)]);
        if (missing is not null)
        {
            turn.WakeAt(turn.Now + GangScheduler.UntilUnknownKindIsTried);
        }

        if (turn.Job.Suspend)
        {
            Suspend(turn, jobs);
            KeepPodGroup(turn, plan);
        }
        else if (missing is null)
        {
            Populate(turn, plan, jobs);
            turn.WakeAt(Deadline(turn));
        }
    }

    /// <summary>The end, or a new beginning where the failure policy gives one.</summary>
    private static void Recover(TrainJobTurn turn, TrainJobPlan plan, ChildJob failed)
    {
        var first = $"(first failed job: {failed.Name})";
        if (!plan.FailurePolicy.IsPresent)
        {
            End(turn, TrainJobCondition.Failed, "FailedJobs", $"jobset failed due to one or more job failures {first}");
            return;
        }

        var action = plan.FailurePolicy.ActionOn(failed.Template.Name, failed.Notes.FailureReason!, failed.Notes.FailureMessage!);
        var counts = !action.EndsWith("AndIgnoreMaxRestarts", StringComparison.Ordinal);
        if (action == FailurePolicy.FailJobSet)
        {
            End(turn, TrainJobCondition.Failed, "FailJobSetFailurePolicyAction", $"jobset failed due to FailJobSet failure policy action {first}");
        }
        else if (counts && turn.Notes.CountedRestarts >= plan.FailurePolicy.MaxRestarts)
        {
            End(turn, TrainJobCondition.Failed, "ReachedMaxRestarts", $"jobset failed due to reaching max number of restarts {first}");
        }
        else
        {
            turn.Say(DecisionEvent.Warning("Restarting", $"restarting after job {failed.Name} failed: {failed.Notes.FailureReason}"));
            turn.Notes = turn.Notes with { CountedRestarts = turn.Notes.CountedRestarts + (counts ? 1 : 0) };
            turn.Restart(action.StartsWith(FailurePolicy.RestartJobSet, StringComparison.Ordinal) ? null : failed);
        }
    }

    /// <summary>Pods go, what they have reached stays: a job that has succeeded does not run again after a resume.</summary>
    private static void Suspend(TrainJobTurn turn, ChildJobs jobs)
    {
        foreach (var job in jobs.All)
        {
            job.Suspend();
            turn.Delete(job.UnfinishedPods);
            turn.Delete(job.FormerPods);
        }
    }

    private static DateTimeOffset? Deadline(TrainJobTurn turn)
    {
        var resumed = turn.Status.Find(TrainJobCondition.Suspended) is { Status: TrainJobCondition.False } condition ? condition.LastTransitionTime : null;
        return (resumed ?? turn.Job.CreationTime) + turn.Job.ActiveDeadline;
    }

    private static void End(TrainJobTurn turn, string condition, string reason, string message)
    {
        turn.Set(condition, TrainJobCondition.True, reason, message);
        turn.Say(condition == TrainJobCondition.Complete ? DecisionEvent.Normal(reason, message) : DecisionEvent.Warning(reason, message));
    }

    /// <summary>Whatever still runs is stopped. The rest stays for its logs, until its time to live is over; a deadline takes all at once.</summary>
    private static void CleanUp(TrainJobTurn turn)
    {
        var terminal = turn.Status.Terminal!;
        turn.Status = turn.Status with { Jobs = [.. turn.Status.Jobs.Select(counts => counts with { Active = 0, Ready = 0 })] };
        var expiry = terminal.LastTransitionTime + turn.Runtime()?.TimeToLiveAfterFinished;
        if (terminal.Reason == DeadlineExceeded || expiry <= turn.Now)
        {
            turn.Delete(turn.Pods);
            turn.DeleteServices();
            turn.Act(WantedChildren.Actions([], turn.Children));
        }
        else
        {
            turn.Delete(turn.Pods.Where(pod => pod.Phase is not ("Succeeded" or "Failed")));
            turn.WakeAt(expiry);
            if (terminal.Type == TrainJobCondition.Failed)
            {
                turn.DeletePodGroups();
            }
        }
    }
}
