using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.GangScheduling;

/// <summary>Makes the group that a job's pods are members of.</summary>
internal static class PodGroupBuilder
{
    private const string DefaultQueue = "default";

    /// <param name="present">The group that is there. Its queue stays, and so do the annotations it was created with.</param>
    public static IKubernetesObject<V1ObjectMeta> Build(TrainingJob job, GangScheduler scheduler, ObservedChild? present)
    {
        var policy = job.RunPolicy.Scheduling;
        var minimum = (int)Math.Clamp(policy.MinAvailable ?? job.TotalReplicas, 0, int.MaxValue);
        var resources = policy.MinResources ?? MinimumResources.Of(job, minimum, MinimumResources.RequestsOrLimits);
        return scheduler.IsVolcano
            ? new VolcanoPodGroup
            {
                Metadata = Metadata(job, present),
                Spec = new VolcanoPodGroupSpec(minimum, resources, PresentQueue(present) ?? policy.Queue ?? DefaultQueue, policy.PriorityClass),
            }
            : new CoschedulingPodGroup
            {
                Metadata = Metadata(job, present),
                Spec = new CoschedulingPodGroupSpec(minimum, resources, policy.ScheduleTimeoutSeconds),
            };
    }

    private static V1ObjectMeta Metadata(TrainingJob job, ObservedChild? present) => new()
    {
        Name = job.Name,
        NamespaceProperty = job.Namespace,
        Labels = ReplicaLabels.OfCompanion(job),
        Annotations = present is null ? job.Document.Metadata.Annotations.ToDictionary() : null,
        OwnerReferences = [PodBuilder.OwnerReference(job)],
    };

    private static string? PresentQueue(ObservedChild? present) =>
        present?.Content.Get("spec") is { ValueKind: JsonValueKind.Object } spec && spec.Text("queue") is { Length: > 0 } queue ? queue : null;
}
