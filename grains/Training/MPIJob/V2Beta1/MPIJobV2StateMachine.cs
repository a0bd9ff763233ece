using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>
/// How an MPIJob v2beta1 lives: its workers wait for logins, its launcher, a Kubernetes Job, decides how it ends. Restarts, deadline and
/// time to live are the launcher Job's.
/// </summary>
internal sealed class MPIJobV2StateMachine(MPIJobV2Kind kind, TrainingOptions options) : IStateMachine
{
    private const int MostCreations = 250;

    private static readonly TimeSpan UntilMoreCreations = TimeSpan.FromSeconds(1);

    public string Resource => kind.Resource;

    public string Component => kind.OperatorName;

    public IReadOnlyCollection<ChildKind> ChildKinds { get; } = [ChildKind.Of<V1Service>(), ChildKind.Of<V1ConfigMap>(), ChildKind.Of<V1Secret>(), LauncherJob.ChildKind, .. GangScheduler.PodGroupKinds];

    public Decision Decide(Situation situation)
    {
        var job = new TrainingJob(kind, situation.Document);
        if (job.RunPolicy.IsManagedElsewhere || situation.Document.Metadata.DeletionTimestamp is not null)
        {
            return new Decision();
        }

        var turn = new SshTurn(new SshJob(job, options), situation);
        if (turn.Status.Conditions.Items.IsEmpty)
        {
            turn.SetAndSay(JobCondition.Created, "MPIJobCreated", $"MPIJob {job.Namespace}/{job.Name} is created.");
        }

        if (!turn.IsOver)
        {
            Continue(turn);
            SshStatus.Update(turn);
        }

        if (turn.IsOver)
        {
            CleanUp(turn);
        }
        else
        {
            turn.WakeAt(RunPolicyRules.SafetyCheck(job.Uid, turn.Now));
        }

        return turn.ToDecision();
    }

    private void Continue(SshTurn turn)
    {
        TellOfMissingGang(turn);
        if (!turn.Job.RunPolicy.Suspend)
        {
            turn.Status = turn.Status with { StartTime = turn.Status.StartTime ?? turn.Now };
        }

        if (!turn.Launcher.HasEnded)
        {
            Equip(turn);
            AlignLauncher(turn);
        }

        if (turn.Job.RunPolicy.Suspend)
        {
            turn.Delete(turn.Workers);
        }
    }

    private static void TellOfMissingGang(SshTurn turn)
    {
        if (!turn.GangIsMissing)
        {
            turn.SetPending(null);
            return;
        }

        var message = turn.Ssh.Gang!.MissingMessage;
        turn.SetPending(new PendingReason(PendingReasons.GangSchedulerMissing, message));
        turn.SayOnce("gangScheduler", DecisionEvent.Warning(PendingReasons.GangSchedulerMissing, message));
        turn.WakeAt(turn.Now + GangScheduler.UntilUnknownKindIsTried);
    }

    /// <summary>Names, hostfile and keys stand also while the job is suspended; workers do not.</summary>
    private void Equip(SshTurn turn)
    {
        var hasKey = turn.Companions.Any(child => child.Kind.Kind == V1Secret.KubeKind && SshAccess.HoldsKey(child.Content));
        turn.Keep(
            [
                turn.Ssh.Service(),
                turn.Ssh.Config(turn.Workers),
                SshAccess.Secret(MPICompanions.Metadata(turn.Job, turn.Ssh.SecretName), hasKey, options.NewSshKeyPair),
                .. ProgressTokens(turn),
                .. Group(turn),
            ],
            turn.Companions);
        if (!turn.Job.RunPolicy.Suspend && !turn.GangIsMissing)
        {
            KeepWorkers(turn);
        }
    }

    private static IEnumerable<V1Secret> ProgressTokens(SshTurn turn)
    {
        var reporter = ProgressReporter.Of(turn.Job);
        return turn.Ssh.ProgressServer is { } server ? [ProgressAccess.Secret(reporter, MPICompanions.Metadata(turn.Job, reporter.SecretName), server)] : [];
    }

    private static IEnumerable<IKubernetesObject<V1ObjectMeta>> Group(SshTurn turn) =>
        turn.Ssh.Gang is { } gang && !turn.Job.RunPolicy.Suspend && !turn.GangIsMissing ? [SshGang.Group(turn.Ssh, gang)] : [];

    private static void KeepWorkers(SshTurn turn)
    {
        var present = turn.Workers.Select(pod => pod.Name).ToHashSet(StringComparer.Ordinal);
        var missing = Enumerable.Range(0, turn.Ssh.WorkerCount).Where(index => !present.Contains(turn.Ssh.WorkerName(index))).ToList();
        foreach (var index in missing.Take(MostCreations))
        {
            turn.Do(new ClusterAction.CreatePod(SshPods.Worker(turn.Ssh, index)));
        }

        if (missing.Count > MostCreations)
        {
            turn.WakeAt(turn.Now + UntilMoreCreations);
        }

        var wanted = Enumerable.Range(0, turn.Ssh.WorkerCount).Select(turn.Ssh.WorkerName).ToHashSet(StringComparer.Ordinal);
        turn.Delete(turn.Workers.Where(pod => !wanted.Contains(pod.Name)));
    }

    private static void AlignLauncher(SshTurn turn)
    {
        var suspend = turn.Job.RunPolicy.Suspend;
        if (turn.Launcher.Job is not { } launcher)
        {
            if (!turn.GangIsMissing && (!turn.Ssh.LauncherWaits || turn.WorkersAreReady))
            {
                turn.WarnOfRestartPolicy();
                turn.Do(new ClusterAction.Create(LauncherJob.Build(turn.Ssh)));
            }
        }
        else if (launcher.Terminating || turn.Launcher.IsSuspended == suspend)
        {
            // As it should be, or on its way out: what comes next is decided when it is gone.
        }
        else if (!suspend && LauncherJob.IsPlacedOtherwise(turn.Ssh, launcher))
        {
            // A Job that has run before cannot be given another template; a suspended one has no pod to lose.
            turn.Do(new ClusterAction.Delete(LauncherJob.ChildKind, launcher.Name, launcher.Uid));
        }
        else
        {
            turn.Do(LauncherJob.Change(turn.Ssh, launcher, new V1JobSpec { Suspend = suspend }));
        }
    }

    private static void CleanUp(SshTurn turn)
    {
        var policy = turn.Job.RunPolicy;
        turn.NoteThatItNeverRan();
        if (policy.CleanPodPolicy != "None")
        {
            turn.Delete(turn.Workers.Where(pod => RunPolicyRules.DeletesPod(policy, pod)));
            turn.SetReplicas(TrainingKind.Worker, new ReplicaStatus(0, 0, 0));
        }

        turn.Delete(turn.Companions.Where(child => IsOverWithTheJob(child, turn)));

        if (turn.Launcher is { Job: { Terminating: false } launcher, HasTimeToLive: false } && policy.TimeToLiveAfterFinished is { } timeToLive)
        {
            turn.Do(LauncherJob.Change(turn.Ssh, launcher, new V1JobSpec { TtlSecondsAfterFinished = (int)Math.Min(timeToLive.TotalSeconds, int.MaxValue) }));
        }
    }

    private static bool IsOverWithTheJob(ObservedChild child, SshTurn turn) => GangScheduler.PodGroupKinds.Contains(child.Kind)
        ? turn.Job.RunPolicy.CleanPodPolicy != "None"
        : child.Kind == ChildKind.Of<V1Secret>() && child.Name == ProgressReporter.Of(turn.Job).SecretName;
}
