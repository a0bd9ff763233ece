using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>What the objects beside an MPI job's pods share.</summary>
internal static class MPICompanions
{
    public static V1ObjectMeta Metadata(TrainingJob job, string name) => new()
    {
        Name = name,
        NamespaceProperty = job.Namespace,
        Labels = new Dictionary<string, string>(ReplicaLabels.OfCompanion(job), StringComparer.Ordinal) { ["app"] = job.Name },
        OwnerReferences = [PodBuilder.OwnerReference(job)],
    };
}
