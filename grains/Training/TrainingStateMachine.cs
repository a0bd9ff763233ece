using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// How every training job lives: created, running and restarting, suspended and resumed, ended once and for all, cleaned up. What a
/// kind adds stands in its <see cref="ITrainingRules"/>.
/// </summary>
internal sealed partial class TrainingStateMachine(ITrainingRules rules, TrainingOptions options) : IStateMachine
{
    /// <summary>Bounds what one decision may cost; the rest follows in the next ones.</summary>
    private const int MostCreations = 250;

    private static readonly TimeSpan UntilMoreCreations = TimeSpan.FromSeconds(1);

    public string Resource => rules.Kind.Resource;

    public string Component => rules.Kind.OperatorName;

    public IReadOnlyCollection<ChildKind> ChildKinds { get; } = [.. rules.CompanionKinds, .. GangScheduler.PodGroupKinds, .. ProgressAccess.Kinds(options.ProgressServer)];

    public Decision Decide(Situation situation)
    {
        var job = new TrainingJob(rules.Kind, situation.Document);
        if (job.RunPolicy.IsManagedElsewhere || situation.Document.Metadata.DeletionTimestamp is not null)
        {
            return new Decision();
        }

        var turn = new TrainingTurn(job, situation);
        if (turn.Status.Conditions.Find(JobCondition.Created) is null)
        {
            turn.Set(JobCondition.Created, JobCondition.True, "Created", $"{job.Kind.Kind} {job.Name} is created.");
        }

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

    private void Continue(TrainingTurn turn)
    {
        LetGoOfLostPods(turn);
        if (turn.Job.RunPolicy.Suspend)
        {
            Suspend(turn);
        }
        else if (!turn.Is(JobCondition.Suspended))
        {
            Run(turn);
        }
        else if (turn.Pods.Count > 0)
        {
            // Pods of before must be gone first: their names are needed, and their end says nothing about the new attempt.
            turn.Delete(turn.Pods);
        }
        else
        {
            Resume(turn);
            Run(turn);
        }
    }

    private void Suspend(TrainingTurn turn)
    {
        turn.Delete(turn.Pods);
        turn.Delete(turn.Services);
        DropCompanions(turn);
        turn.SetPending(null);
        turn.Status = turn.Status.WithReplicas(status => status with { Active = 0 });
        var message = $"{turn.Job.Kind.Kind} {turn.Job.Name} is suspended.";
        if (turn.Is(JobCondition.Running))
        {
            turn.Set(JobCondition.Running, JobCondition.False, "Suspended", message);
        }

        if (turn.Set(JobCondition.Suspended, JobCondition.True, "Suspended", message))
        {
            turn.Say(DecisionEvent.Normal(turn.Job.Kind.Kind + "Suspended", message));
        }
    }

    /// <summary>A resumed job is a new attempt: its clock and its counts begin again, and every replica runs.</summary>
    private static void Resume(TrainingTurn turn)
    {
        var message = $"{turn.Job.Kind.Kind} {turn.Job.Name} is resumed.";
        turn.Set(JobCondition.Suspended, JobCondition.False, "Resumed", message);
        turn.Say(DecisionEvent.Normal(turn.Job.Kind.Kind + "Resumed", message));
        turn.Status = turn.Status with { StartTime = turn.Now };
        turn.Notes = new TrainingNotes { Uid = turn.Job.Uid };
    }

    private void Run(TrainingTurn turn)
    {
        turn.Status = turn.Status with { StartTime = turn.Status.StartTime ?? turn.Now };
        turn.Delete(turn.EarlierPods);
        var replicas = TakeNotes(turn);
        Count(turn, replicas);
        if (!HasEnded(turn, replicas))
        {
            replicas = Restart(turn, replicas);
            Populate(turn, replicas);
            turn.SetPending(PendingReasonOf(turn, replicas));
            turn.WakeAt(RunPolicyRules.Deadline(turn.Job.RunPolicy, turn.Status.StartTime));
        }
    }

    private void Count(TrainingTurn turn, JobReplicas replicas) =>
        turn.Status = turn.Status with { ReplicaStatuses = rules.Statuses(turn.Job, replicas), Restarts = (int)Math.Min(replicas.Restarts, int.MaxValue) };

    /// <summary>Success is looked at first: the first end is the only one.</summary>
    private bool HasEnded(TrainingTurn turn, JobReplicas replicas)
    {
        var messages = rules.Messages(turn.Job);
        if (rules.HasSucceeded(turn.Job, replicas))
        {
            End(turn, JobCondition.Succeeded, DecisionEvent.Normal(turn.Job.Kind.Kind + "Succeeded", messages.Succeeded));
        }
        else if (FailureOf(turn, replicas, messages) is { } failure)
        {
            End(turn, JobCondition.Failed, failure);
        }

        return turn.IsFinished;
    }

    /// <summary>Why the job has failed, as the event to say; null when it has not.</summary>
    private DecisionEvent? FailureOf(TrainingTurn turn, JobReplicas replicas, JobMessages messages)
    {
        var job = turn.Job;
        var reason = job.Kind.Kind + "Failed";
        if (RunPolicyRules.IsBackoffLimitExceeded(job.RunPolicy, replicas))
        {
            return DecisionEvent.Normal(reason, $"Job {job.Name} has failed because it has reached the specified backoff limit");
        }

        if (RunPolicyRules.Deadline(job.RunPolicy, turn.Status.StartTime) <= turn.Now)
        {
            return DecisionEvent.Normal(reason, $"Job {job.Name} has failed because it was active longer than specified deadline");
        }

        var failed = replicas.Failed.ToLookup(replica => MeaningOfFailure(job, replica));
        if (failed[FailureMeaning.Permanent].FirstOrDefault() is { } permanent)
        {
            return DecisionEvent.Warning(reason, $"job \"{job.Name}\" is failing because \"{permanent.Spec.Role}\" replica(s) failed.");
        }

        return failed[FailureMeaning.Final].FirstOrDefault(replica => !rules.ToleratesFailure(job, replica.Spec.Role)) is { } final
            ? DecisionEvent.Normal(reason, messages.Failed(final.Spec.Role, replicas.FailedOf(final.Spec.Role)))
            : null;
    }

    private static void End(TrainingTurn turn, string condition, DecisionEvent decisionEvent)
    {
        turn.SetPending(null);
        turn.Set(condition, JobCondition.True, condition == JobCondition.Failed ? turn.Job.Kind.FailedSuffix : condition, decisionEvent.Message);
        turn.Status = turn.Status with { CompletionTime = turn.Now };
        turn.Say(decisionEvent);
        if (turn.Children.Any(child => GangScheduler.PodGroupKinds.Contains(child.Kind)))
        {
            turn.Say(DecisionEvent.Normal("JobTerminated", "Job has been terminated. Deleting PodGroup"));
        }
    }
}
