using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>The autoscaler that moves the number of workers of an elastic job within its bounds, through the job's scale subresource.</summary>
internal static class WorkerAutoscaler
{
    public static V2HorizontalPodAutoscaler? Of(TrainingJob job) =>
        ElasticPolicy.Of(job) is { } policy && policy.Metrics.IsPresent() ? Build(job, policy) : null;

    private static V2HorizontalPodAutoscaler Build(TrainingJob job, ElasticPolicy policy) => new()
    {
        ApiVersion = $"{V2HorizontalPodAutoscaler.KubeGroup}/{V2HorizontalPodAutoscaler.KubeApiVersion}",
        Kind = V2HorizontalPodAutoscaler.KubeKind,
        Metadata = new V1ObjectMeta
        {
            Name = job.Name,
            NamespaceProperty = job.Namespace,
            Labels = ReplicaLabels.OfCompanion(job),
            OwnerReferences = [PodBuilder.OwnerReference(job)],
        },
        Spec = new V2HorizontalPodAutoscalerSpec
        {
            ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = job.Kind.ApiVersion(job.Kind.Version), Kind = job.Kind.Kind, Name = job.Name },
            MinReplicas = Bounded(policy.MinReplicas),
            MaxReplicas = Bounded(policy.MaxReplicas),
            Metrics = KubernetesJson.Deserialize<List<V2MetricSpec>>(policy.Metrics.GetRawText()),
        },
    };

    private static int Bounded(long replicas) => (int)Math.Clamp(replicas, 0, ReplicaSpec.MaximumReplicas);
}
