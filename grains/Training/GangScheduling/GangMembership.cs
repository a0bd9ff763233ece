using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>What makes a pod a member of its job's group.</summary>
internal static class GangMembership
{
    private const string CoschedulingLabel = "scheduling.x-k8s.io/pod-group";
    private const string VolcanoGroupAnnotation = "scheduling.k8s.io/group-name";
    private const string VolcanoTaskAnnotation = "volcano.sh/task-spec";

    /// <summary>A template that names another scheduler keeps it.</summary>
    public static void Decorate(V1Pod pod, TrainingJob job, string role, GangScheduler scheduler)
    {
        if (string.IsNullOrEmpty(pod.Spec.SchedulerName))
        {
            pod.Spec.SchedulerName = scheduler.Name;
        }

        if (scheduler.IsVolcano)
        {
            pod.SetAnnotation(VolcanoGroupAnnotation, job.Name);
            pod.SetAnnotation(VolcanoTaskAnnotation, role.ToLowerInvariant());
        }
        else
        {
            pod.SetLabel(CoschedulingLabel, job.Name);
        }
    }

    public static bool NamesAnotherScheduler(TrainingJob job, GangScheduler scheduler) =>
        job.Replicas.Any(replica => replica.Template.Get("spec").Text("schedulerName") is { Length: > 0 } name && name != scheduler.Name);
}
