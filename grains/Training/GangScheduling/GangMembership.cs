using k8s;
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

        Join(pod, job.Name, scheduler);
        if (scheduler.IsVolcano)
        {
            pod.SetAnnotation(VolcanoTaskAnnotation, role.ToLowerInvariant());
        }
    }

    /// <param name="pod">A pod or the template of one.</param>
    public static void Join(IMetadata<V1ObjectMeta> pod, string group, GangScheduler scheduler)
    {
        if (scheduler.IsVolcano)
        {
            pod.SetAnnotation(VolcanoGroupAnnotation, group);
        }
        else
        {
            pod.SetLabel(CoschedulingLabel, group);
        }
    }

    public static bool NamesAnotherScheduler(TrainingJob job, GangScheduler scheduler) =>
        job.Replicas.Any(replica => replica.Template.Get("spec").Text("schedulerName") is { Length: > 0 } name && name != scheduler.Name);
}
