using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>One decision on an MPIJob v2beta1 in the making.</summary>
internal sealed class SshTurn(SshJob ssh, Situation situation)
{
    private readonly TrainingTurn turn = new(ssh.Job, situation);

    public SshJob Ssh => ssh;

    public TrainingJob Job => ssh.Job;

    public DateTimeOffset Now => turn.Now;

    public JobStatus Status
    {
        get => turn.Status;
        set => turn.Status = value;
    }

    /// <summary>Workers, by name; those that are being deleted still hold their names.</summary>
    public IReadOnlyList<ObservedPod> Workers { get; } = WithRole(situation.Pods, SshPods.WorkerRole);

    public ObservedLauncher Launcher { get; } = new(situation.Children.FirstOrDefault(child => child.Kind == LauncherJob.ChildKind && child.Name == ssh.LauncherName), WithRole(situation.Pods, SshPods.LauncherRole));

    /// <summary>The children that are simply kept as they are wanted: all but the launcher.</summary>
    public IReadOnlyList<ObservedChild> Companions { get; } = [.. situation.Children.Where(child => child.Kind != LauncherJob.ChildKind)];

    public bool WorkersAreReady => Enumerable.Range(0, ssh.WorkerCount).All(index =>
        Workers.Any(pod => pod.Name == ssh.WorkerName(index) && !pod.Terminating && pod.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" })));

    /// <summary>Its pods are to start together, and the cluster knows no such groups.</summary>
    public bool GangIsMissing => ssh.Gang is { } gang && !Job.RunPolicy.Suspend && turn.IsUnknown(gang.PodGroupKind);

    /// <summary>Its end is known and nothing can follow; an eviction is told as failure, but the launcher may still succeed.</summary>
    public bool IsOver => Status.Conditions.IsFinished && Status.CompletionTime is not null;

    /// <summary>Sets a condition.</summary>
    /// <returns>True when that changed anything.</returns>
    public bool Set(string type, string status, string reason, string message)
    {
        var conditions = SshConditions.Set(Status.Conditions, new JobCondition(type, status, reason, message, Now, Now));
        var changed = conditions.Items != Status.Conditions.Items;
        Status = Status with { Conditions = conditions };
        return changed;
    }

    /// <summary>Sets a condition to true, and says so when it was not.</summary>
    public void SetAndSay(string type, string reason, string message, bool warning = false)
    {
        if (Set(type, JobCondition.True, reason, message))
        {
            turn.Say(warning ? DecisionEvent.Warning(reason, message) : DecisionEvent.Normal(reason, message));
        }
    }

    public void Say(DecisionEvent said) => turn.Say(said);

    public void SayOnce(string subject, DecisionEvent said) => turn.SayOnce(subject, said);

    public void SetPending(PendingReason? pending) => turn.SetPending(pending);

    public void SetReplicas(string role, ReplicaStatus replicas) => Status = Status with { ReplicaStatuses = Status.ReplicaStatuses.SetItem(role, replicas) };

    public void Do(ClusterAction action) => turn.Do(action);

    public void Delete(IEnumerable<ObservedPod> pods) => turn.Delete(pods);

    public void Delete(IEnumerable<ObservedChild> children) => turn.Keep([], [.. children]);

    public void Keep(IEnumerable<k8s.IKubernetesObject<k8s.Models.V1ObjectMeta>> wanted, IReadOnlyList<ObservedChild> seen) => turn.Keep(wanted, seen);

    public void WakeAt(DateTimeOffset time) => turn.WakeAt(time);

    public void WarnOfRestartPolicy()
    {
        if (ssh.Launcher.Template.Get("spec", "restartPolicy").IsPresent())
        {
            turn.SayOnce("restartPolicy", DecisionEvent.Warning("SetPodTemplateRestartPolicy", "Restart policy in pod template overridden by restart policy in replica spec"));
        }
    }

    /// <summary>Who waits for Running to change must see that it will not.</summary>
    public void NoteThatItNeverRan()
    {
        if (Status.Conditions.Find(JobCondition.Running) is null)
        {
            var message = $"MPIJob {Job.Namespace}/{Job.Name} is finished but Running condition was never set.";
            var condition = new JobCondition(JobCondition.Running, JobCondition.False, "MPIJobRunning", message, Status.CompletionTime, Status.CompletionTime);
            Status = Status with { Conditions = SshConditions.Set(Status.Conditions, condition) };
        }
    }

    public Decision ToDecision() => turn.ToDecision();

    private static IReadOnlyList<ObservedPod> WithRole(IReadOnlyList<ObservedPod> pods, string role) =>
        [.. pods.Where(pod => pod.Labels.GetValueOrDefault(ReplicaLabels.JobRole) == role).OrderBy(pod => pod.Name, StringComparer.Ordinal)];
}
