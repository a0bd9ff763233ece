using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// How every training job lives: created, running and restarting, suspended and resumed, ended once and for all, cleaned up. What a
/// kind adds stands in its <see cref="ITrainingRules"/>.
/// </summary>
internal sealed class TrainingStateMachine(ITrainingRules rules) : IStateMachine
{
    /// <summary>Bounds what one decision may cost; the rest follows in the next ones.</summary>
    private const int MostCreations = 250;

    private static readonly TimeSpan UntilMoreCreations = TimeSpan.FromSeconds(1);

    public string Resource => rules.Kind.Resource;

    public string Component => rules.Kind.OperatorName;

    public IReadOnlyCollection<ChildKind> ChildKinds => rules.CompanionKinds;

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
        var replicas = TakeNotes(turn);
        turn.Status = turn.Status with { ReplicaStatuses = rules.Statuses(turn.Job, replicas) };
        if (!HasEnded(turn, replicas))
        {
            Restart(turn, replicas);
            Populate(turn, replicas);
            turn.WakeAt(RunPolicyRules.Deadline(turn.Job.RunPolicy, turn.Status.StartTime));
        }
    }

    /// <summary>Remembers what the pods tell now, each thing once, and reports it; notes of replicas that are not wanted any more go.</summary>
    private JobReplicas TakeNotes(TrainingTurn turn)
    {
        var before = turn.Notes;
        var replicas = new JobReplicas(turn.Job, turn.Pods, turn.Services, before);
        turn.Notes = before with { Replicas = ImmutableSortedDictionary<string, ReplicaNotes>.Empty };
        foreach (var replica in replicas.All)
        {
            var (events, said) = PodReports.Of(replica, replica.Spec.ContainerName);
            turn.Say(events);
            turn.Notes = turn.Notes.With(replica.Name, CountRestart(replica, turn) with { Completed = replica.IsCompleted, Said = said });
        }

        return new JobReplicas(turn.Job, turn.Pods, turn.Services, turn.Notes);
    }

    private ReplicaNotes CountRestart(Replica replica, TrainingTurn turn)
    {
        var notes = replica.Notes;
        if (!replica.HasFailed || replica.Pod!.Uid == notes.CountedUid || rules.MeaningOfFailure(replica) != FailureMeaning.Restart)
        {
            return notes;
        }

        return notes with { CountedUid = replica.Pod.Uid, Restarts = notes.Restarts + replica.ContainerRestarts + (replica.WasDisrupted ? 0 : 1) };
    }

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

        var failed = replicas.Failed.ToLookup(rules.MeaningOfFailure);
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
        turn.Set(condition, JobCondition.True, condition == JobCondition.Failed ? turn.Job.Kind.FailedSuffix : condition, decisionEvent.Message);
        turn.Status = turn.Status with { CompletionTime = turn.Now };
        turn.Say(decisionEvent);
    }

    /// <summary>Failed pods make room for new ones of the same name; Running comes back when the new pods run.</summary>
    private void Restart(TrainingTurn turn, JobReplicas replicas)
    {
        var restarted = replicas.Failed.Where(replica => rules.MeaningOfFailure(replica) == FailureMeaning.Restart).ToList();
        turn.Delete(restarted.Select(replica => replica.Pod!));
        turn.Say(restarted
            .Where(replica => turn.NotesBefore.Of(replica.Name).CountedUid != replica.Pod!.Uid)
            .Select(replica => DecisionEvent.Warning(turn.Job.Kind.Kind + "Restarting", RestartingMessage(turn.Job, replica))));
        if (restarted.Count > 0)
        {
            turn.Set(JobCondition.Restarting, JobCondition.True, "Restarting", RestartingMessage(turn.Job, restarted[0]));
        }
        else if (rules.IsRunning(turn.Job, replicas))
        {
            turn.Set(JobCondition.Running, JobCondition.True, "Running", rules.Messages(turn.Job).Running);
        }
    }

    private void Populate(TrainingTurn turn, JobReplicas replicas)
    {
        turn.Keep(rules.Companions(turn.Job, replicas));
        turn.Delete(replicas.SurplusPods);
        turn.Delete(replicas.SurplusServices);
        var services = replicas.All.Where(replica => turn.Job.Kind.HasServices && replica.Service is null).ToList();
        var pods = replicas.All.Where(replica => replica is { Pod: null, IsCompleted: false } && rules.MayStart(turn.Job, replica, replicas)).ToList();
        foreach (var replica in services.Take(MostCreations))
        {
            turn.Do(new ClusterAction.CreateService(ServiceBuilder.Build(turn.Job, replica.Spec, replica.Index)));
        }

        foreach (var replica in pods.Take(MostCreations))
        {
            WarnOfRestartPolicy(turn, replica.Spec);
            turn.Do(new ClusterAction.CreatePod(PodBuilder.Build(turn.Job, replica.Spec, replica.Index, rules)));
        }

        if (Math.Max(services.Count, pods.Count) > MostCreations)
        {
            turn.WakeAt(turn.Now + UntilMoreCreations);
        }
    }

    private static void WarnOfRestartPolicy(TrainingTurn turn, ReplicaSpec spec)
    {
        var subject = $"restartPolicy/{spec.Role}";
        if (spec.Template.Get("spec", "restartPolicy").IsPresent() && !turn.Notes.Said.Contains(subject))
        {
            turn.Notes = turn.Notes with { Said = turn.Notes.Said.Add(subject) };
            turn.Say(DecisionEvent.Warning("SetPodTemplateRestartPolicy", "Restart policy in pod template will be overwritten by restart policy in replica spec"));
        }
    }

    private void DropCompanions(TrainingTurn turn)
    {
        if (!rules.KeepsCompanions)
        {
            turn.Keep([]);
        }
    }

    private void CleanUp(TrainingTurn turn)
    {
        var policy = turn.Job.RunPolicy;
        var terminal = turn.Status.Conditions.Terminal!;
        turn.Status = turn.Status with { CompletionTime = turn.Status.CompletionTime ?? terminal.LastTransitionTime ?? turn.Now };
        if (terminal.Type == JobCondition.Succeeded)
        {
            turn.Status = turn.Status.WithReplicas(Settled);
        }

        var pods = turn.Pods.OrderBy(pod => pod.Terminating).ToLookup(pod => pod.Name, StringComparer.Ordinal);
        turn.Delete(turn.Pods.Where(pod => RunPolicyRules.DeletesPod(policy, pod)));
        turn.Delete(turn.Services.Where(service => RunPolicyRules.DeletesService(policy, pods[service.Name].FirstOrDefault())));
        DropCompanions(turn);
        ExpireAt(turn, RunPolicyRules.Expiry(policy, turn.Status.CompletionTime));
    }

    private static void ExpireAt(TrainingTurn turn, DateTimeOffset? expiry)
    {
        turn.WakeAt(expiry);
        if (expiry <= turn.Now)
        {
            turn.DeleteObject();
            turn.Say(DecisionEvent.Normal(turn.Job.Kind.DeletedEventReason, $"Deleted job: {turn.Job.Name}"));
        }
    }

    /// <summary>When the job has succeeded, whoever still runs counts as succeeded.</summary>
    private static ReplicaStatus Settled(ReplicaStatus status) => status with { Active = 0, Succeeded = status.Succeeded + status.Active };

    private static string RestartingMessage(TrainingJob job, Replica replica) => $"job {job.Name} is restarting because {replica.Spec.Role} replica(s) failed.";
}
