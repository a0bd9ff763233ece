using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>Makes the headless service that gives one replica's pod its name.</summary>
internal static class ServiceBuilder
{
    public static V1Service Build(TrainingJob job, ReplicaSpec spec, int index) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta
        {
            Name = job.ReplicaName(spec.Role, index),
            NamespaceProperty = job.Namespace,
            Labels = ReplicaLabels.Of(job, spec.Role, index),
            OwnerReferences = [PodBuilder.OwnerReference(job)],
        },
        Spec = new V1ServiceSpec
        {
            ClusterIP = "None",
            Selector = ReplicaLabels.Selector(job, spec.Role, index),
            Ports = [.. spec.Ports.Select(port => new V1ServicePort { Name = port.Name.Length == 0 ? null : port.Name, Port = port.Number })],
        },
    };
}
