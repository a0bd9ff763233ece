using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Framework;

namespace Kubeflow.Orleans.Grains.Training;

/// <content>Starting again what failed: one replica, or all of them together.</content>
internal sealed partial class TrainingStateMachine
{
    /// <summary>What the replica's failed pod means: the kind's rules, unless the job asked for more.</summary>
    private FailureMeaning MeaningOfFailure(TrainingJob job, Replica replica)
    {
        if (replica.WasDisrupted && job.Annotations.RetriesInfrastructureFailures)
        {
            return FailureMeaning.Restart;
        }

        return job.Annotations.RestartsGroup ? replica.MeaningOfFailure(replica.Spec.ContainerName) : rules.MeaningOfFailure(replica);
    }

    private bool IsToRestart(TrainingJob job, Replica replica) => replica.HasFailed && MeaningOfFailure(job, replica) == FailureMeaning.Restart;

    /// <summary>Remembers what the pods tell now, each thing once, and reports it; notes of replicas that are not wanted any more go.</summary>
    private JobReplicas TakeNotes(TrainingTurn turn)
    {
        var before = turn.Notes;
        var replicas = new JobReplicas(turn.Job, turn.CurrentPods, turn.Services, before);
        var isGroup = turn.Job.Annotations.RestartsGroup;
        var counts = isGroup && Lost(turn.Job, replicas).Any(replica => replica.HasFailed && !replica.WasDisrupted);
        turn.Notes = before with { Restarts = before.Restarts + (counts ? 1 : 0), Replicas = ImmutableSortedDictionary<string, ReplicaNotes>.Empty };
        foreach (var replica in replicas.All)
        {
            var (events, said) = PodReports.Of(replica, replica.Spec.ContainerName);
            turn.Say(events);
            var notes = isGroup ? replica.Notes with { HasRun = replica.Notes.HasRun || replica.IsRunning } : CountRestart(replica, turn);
            turn.Notes = turn.Notes.With(replica.Name, notes with { Completed = replica.IsCompleted, Said = said });
        }

        return new JobReplicas(turn.Job, turn.CurrentPods, turn.Services, turn.Notes);
    }

    private ReplicaNotes CountRestart(Replica replica, TrainingTurn turn)
    {
        var notes = replica.Notes;
        if (!IsToRestart(turn.Job, replica) || replica.Pod!.Uid == notes.CountedUid)
        {
            return notes;
        }

        return notes with
        {
            CountedUid = replica.Pod.Uid,
            Restarts = notes.Restarts + replica.ContainerRestarts + (replica.WasDisrupted ? 0 : 1),
            Backoff = RestartBackoff.After(notes.Backoff, replica.Pod.StartTime, turn.Now),
        };
    }

    /// <returns>The replicas as they are from now on.</returns>
    private JobReplicas Restart(TrainingTurn turn, JobReplicas replicas)
    {
        if (turn.Job.Annotations.RestartsGroup && Lost(turn.Job, replicas).ToList() is { Count: > 0 } lost)
        {
            return RestartGroup(turn, lost);
        }

        var restarted = replicas.Failed.Where(replica => IsToRestart(turn.Job, replica)).ToList();
        if (restarted.Count > 0)
        {
            RestartEach(turn, restarted);
        }
        else if (rules.IsRunning(turn.Job, replicas))
        {
            turn.Set(JobCondition.Running, JobCondition.True, "Running", rules.Messages(turn.Job).Running);
        }

        return replicas;
    }

    /// <summary>Failed pods make room for new ones of the same name; Running comes back when the new pods run.</summary>
    private static void RestartEach(TrainingTurn turn, List<Replica> restarted)
    {
        turn.Delete(restarted.Select(replica => replica.Pod!));
        foreach (var replica in restarted.Where(replica => turn.NotesBefore.Of(replica.Name).CountedUid != replica.Pod!.Uid))
        {
            SayDisrupted(turn, replica);
            turn.Say(DecisionEvent.Warning(turn.Job.Kind.Kind + "Restarting", RestartingMessage(turn.Job, replica)));
        }

        turn.Set(JobCondition.Restarting, JobCondition.True, "Restarting", RestartingMessage(turn.Job, restarted[0]));
    }

    /// <summary>Whom the others of a group wait for in vain: a failed pod that starts again, one that is being deleted, one that ran and is gone.</summary>
    private IEnumerable<Replica> Lost(TrainingJob job, JobReplicas replicas) => replicas.All.Where(replica =>
        !replica.IsCompleted && (IsToRestart(job, replica) || replica.Pod is { Terminating: true } || (replica is { Pod: null, Notes.HasRun: true })));

    /// <summary>All replicas, completed ones too, run again in a new attempt. The pods of this one are earlier pods from here on.</summary>
    private JobReplicas RestartGroup(TrainingTurn turn, List<Replica> lost)
    {
        var startTime = lost.Select(replica => replica.Pod?.StartTime).Min();
        turn.Notes = turn.Notes with
        {
            Attempt = turn.Notes.Attempt + 1,
            Backoff = RestartBackoff.After(turn.Notes.Backoff, startTime, turn.Now),
            Replicas = ImmutableSortedDictionary<string, ReplicaNotes>.Empty,
        };
        turn.Delete(turn.EarlierPods);
        lost.ForEach(replica => SayDisrupted(turn, replica));
        var message = RestartingMessage(turn.Job, lost[0]);
        turn.Set(JobCondition.Restarting, JobCondition.True, "Restarting", message);
        turn.Say(DecisionEvent.Warning(turn.Job.Kind.Kind + "Restarting", $"{message} All replicas start again together, attempt {turn.Notes.Attempt + 1}."));
        var replicas = new JobReplicas(turn.Job, turn.CurrentPods, turn.Services, turn.Notes);
        Count(turn, replicas);
        return replicas;
    }

    /// <summary>A pod on a lost node would hold its name for ever. That its process may still run there is the price the job agreed to.</summary>
    private static void LetGoOfLostPods(TrainingTurn turn)
    {
        foreach (var pod in turn.Job.Annotations.RetriesInfrastructureFailures ? turn.Pods : [])
        {
            var lostAt = Disruptions.LostAt(pod);
            if (lostAt <= turn.Now)
            {
                turn.Do(new ClusterAction.DeletePod(pod.Name, pod.Uid, Force: true));
            }
            else
            {
                turn.WakeAt(lostAt);
            }
        }
    }

    private static void SayDisrupted(TrainingTurn turn, Replica replica)
    {
        if (replica is { WasDisrupted: true, Pod: { } pod })
        {
            turn.Say(DecisionEvent.Warning("PodDisrupted", $"Pod {pod.Name} was taken away by the cluster ({Disruptions.Describe(pod)}). Its restart does not count against the backoffLimit."));
        }
    }

    private static string RestartingMessage(TrainingJob job, Replica replica) => $"job {job.Name} is restarting because {replica.Spec.Role} replica(s) failed.";
}
