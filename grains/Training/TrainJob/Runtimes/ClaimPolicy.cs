using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>An entry of a runtime's <c>volumeClaimPolicies</c>: claims every job of the runtime gets for itself.</summary>
internal sealed record ClaimPolicy(List<V1PersistentVolumeClaim>? Templates, ClaimPolicy.Retention? RetentionPolicy)
{
    /// <summary>The claims outlive the job.</summary>
    public bool Retains => RetentionPolicy?.WhenDeleted == "Retain";

    internal sealed record Retention(string? WhenDeleted);
}
