using Kubeflow.Orleans.Grains.Framework;

namespace Kubeflow.Orleans.Grains.Training;

/// <content>Making the children of a running job, and cleaning up after an ended one.</content>
internal sealed partial class TrainingStateMachine
{
    private void Populate(TrainingTurn turn, JobReplicas replicas)
    {
        turn.Keep(Companions(turn, replicas));
        turn.Delete(replicas.SurplusPods);
        turn.Delete(replicas.SurplusServices);
        var services = replicas.All.Where(replica => turn.Job.Kind.HasServices && replica.Service is null).ToList();
        var pods = MissingPods(turn, replicas).ToList();
        foreach (var replica in services.Take(MostCreations))
        {
            turn.Do(new ClusterAction.CreateService(ServiceBuilder.Build(turn.Job, replica.Spec, replica.Index)));
        }

        foreach (var replica in pods.Take(MostCreations))
        {
            WarnOfRestartPolicy(turn, replica.Spec);
            turn.Do(CreatePod(turn, replica));
        }

        if (Math.Max(services.Count, pods.Count) > MostCreations)
        {
            turn.WakeAt(turn.Now + UntilMoreCreations);
        }
    }

    /// <summary>Whose pod can be made now. Those of an earlier attempt must be gone first: two generations would find each other.</summary>
    private IEnumerable<Replica> MissingPods(TrainingTurn turn, JobReplicas replicas)
    {
        if (turn.EarlierPods.Count > 0 || IsHeldBack(turn, turn.Notes.Backoff) || !GangMayStart(turn))
        {
            return [];
        }

        return replicas.All.Where(replica =>
            replica is { Pod: null, IsCompleted: false } && !IsHeldBack(turn, replica.Notes.Backoff) && MayStart(turn, replica, replicas));
    }

    private static bool IsHeldBack(TrainingTurn turn, RestartBackoff? backoff)
    {
        if (backoff?.NotBefore > turn.Now)
        {
            turn.WakeAt(backoff.NotBefore);
            return true;
        }

        return false;
    }

    private static void WarnOfRestartPolicy(TrainingTurn turn, ReplicaSpec spec)
    {
        if (spec.Template.Get("spec", "restartPolicy").IsPresent())
        {
            turn.SayOnce($"restartPolicy/{spec.Role}", DecisionEvent.Warning(
                "SetPodTemplateRestartPolicy", "Restart policy in pod template will be overwritten by restart policy in replica spec"));
        }
    }

    /// <summary>What the pods of a running job need goes; the kind's own companions stay where the kind says so.</summary>
    private void DropCompanions(TrainingTurn turn) =>
        turn.Keep([], [.. turn.Children.Where(child => !rules.KeepsCompanions || !rules.CompanionKinds.Contains(child.Kind))]);

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
        turn.Delete(turn.EarlierPods.Concat(turn.CurrentPods.Where(pod => RunPolicyRules.DeletesPod(policy, pod))));
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
}
