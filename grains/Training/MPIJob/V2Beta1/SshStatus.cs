using Kubeflow.Orleans.Grains.Framework;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>What the status of an MPIJob v2beta1 says of what is seen.</summary>
internal static class SshStatus
{
    public static void Update(SshTurn turn)
    {
        UpdateSuspended(turn);
        if (turn.Launcher.Job is not null)
        {
            UpdateLauncher(turn);
        }

        UpdateWorkers(turn);
        UpdateRunning(turn);
    }

    private static void UpdateSuspended(SshTurn turn)
    {
        if (turn.Job.RunPolicy.Suspend)
        {
            turn.SetAndSay(JobCondition.Suspended, "MPIJobSuspended", "MPIJob suspended");
        }
        else if (turn.Status.Conditions.Find(JobCondition.Suspended) is not null && turn.Set(JobCondition.Suspended, JobCondition.False, "MPIJobResumed", "MPIJob resumed"))
        {
            turn.Say(DecisionEvent.Normal("MPIJobResumed", "MPIJob resumed"));
            turn.Status = turn.Status with { StartTime = turn.Now };
        }
    }

    private static void UpdateLauncher(SshTurn turn)
    {
        var launcher = turn.Launcher;
        turn.SetReplicas(MPIJobV2Kind.Launcher, new ReplicaStatus(launcher.HasEnded ? 0 : launcher.Running, launcher.HasSucceeded ? 1 : 0, launcher.Failures));
        if (launcher.HasSucceeded)
        {
            turn.SetAndSay(JobCondition.Succeeded, "MPIJobSucceeded", $"MPIJob {turn.Job.Namespace}/{turn.Job.Name} successfully completed.");
            turn.Status = turn.Status with { CompletionTime = turn.Status.CompletionTime ?? launcher.CompletionTime ?? turn.Now };
        }
        else if (launcher.HasFailed)
        {
            var (reason, message) = launcher.Failure();
            turn.SetAndSay(JobCondition.Failed, reason, message.Length > 0 ? message : $"MPIJob {turn.Job.Namespace}/{turn.Job.Name} has failed", warning: true);
            turn.Status = turn.Status with { CompletionTime = turn.Status.CompletionTime ?? turn.Now };
        }
    }

    private static void UpdateWorkers(SshTurn turn)
    {
        int Count(string phase) => turn.Workers.Count(pod => pod.Phase == phase);
        turn.SetReplicas(TrainingKind.Worker, new ReplicaStatus(Count("Running"), Count("Succeeded"), Count("Failed")));
        var evicted = turn.Workers.Count(pod => pod is { Phase: "Failed", Reason: "Evicted" });
        if (evicted > 0 && !turn.Launcher.HasEnded)
        {
            turn.SetAndSay(JobCondition.Failed, "MPIJobEvicted", $"{evicted}/{turn.Workers.Count} workers are evicted", warning: true);
        }
    }

    private static void UpdateRunning(SshTurn turn)
    {
        var name = $"MPIJob {turn.Job.Namespace}/{turn.Job.Name}";
        if (turn.Job.RunPolicy.Suspend)
        {
            turn.Set(JobCondition.Running, JobCondition.False, "MPIJobSuspended", $"{name} is suspended.");
        }
        else if (turn is { Status.Conditions.IsFinished: false, Launcher: { HasEnded: false, Running: > 0 } } && turn.Workers.Count(pod => pod.Phase == "Running") == turn.Ssh.WorkerCount)
        {
            turn.SetAndSay(JobCondition.Running, "MPIJobRunning", $"{name} is running.");
        }
    }
}
