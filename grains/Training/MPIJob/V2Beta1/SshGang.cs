using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.GangScheduling;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>The group of an MPIJob v2beta1: its launcher and its workers start together or not at all.</summary>
internal static class SshGang
{
    private const string QueueAnnotation = "scheduling.volcano.sh/queue-name";

    public static IKubernetesObject<V1ObjectMeta> Group(SshJob ssh, GangScheduler gang)
    {
        var policy = ssh.Job.RunPolicy.Scheduling;
        var minimum = (int)Math.Clamp(policy.MinAvailable ?? ssh.WorkerCount + 1L, 0, int.MaxValue);
        var resources = policy.MinResources ?? MinimumResources.Of(ssh.Job, minimum, MinimumResources.RequestsAndLimits);
        var metadata = MPICompanions.Metadata(ssh.Job, ssh.Job.Name);
        return gang.IsVolcano
            ? new VolcanoPodGroup { Metadata = metadata, Spec = new VolcanoPodGroupSpec(minimum, resources, Queue(ssh), PriorityClass(ssh)) }
            : new CoschedulingPodGroup { Metadata = metadata, Spec = new CoschedulingPodGroupSpec(minimum, resources, policy.ScheduleTimeoutSeconds ?? 0) };
    }

    /// <summary>Here the scheduler of a template does not stay: one pod of another scheduler's would keep the group waiting.</summary>
    public static void Join(SshJob ssh, V1PodTemplateSpec template)
    {
        if (ssh.Gang is { } gang)
        {
            template.Spec.SchedulerName = gang.Name;
            GangMembership.Join(template, ssh.Job.Name, gang);
        }
    }

    /// <summary>Null: Volcano's own default.</summary>
    private static string? Queue(SshJob ssh) => ssh.Job.RunPolicy.Scheduling.Queue ?? ssh.Job.Document.Metadata.Annotations.GetValueOrDefault(QueueAnnotation);

    private static string? PriorityClass(SshJob ssh) =>
        ssh.Job.RunPolicy.Scheduling.PriorityClass ?? PriorityClassOf(ssh.Launcher.Template) ?? PriorityClassOf(ssh.Workers?.Template ?? default);

    private static string? PriorityClassOf(JsonElement template) => template.Get("spec").Text("priorityClassName") is { Length: > 0 } name ? name : null;
}
