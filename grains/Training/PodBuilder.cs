using System.Globalization;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>Makes the pod of a replica from its template.</summary>
internal static class PodBuilder
{
    public static V1Pod Build(TrainingJob job, ReplicaSpec spec, int index, int attempt, ITrainingRules rules)
    {
        var template = KubernetesJson.Deserialize<V1PodTemplateSpec>(spec.Template.GetRawText());
        template.Spec.RestartPolicy = RestartPolicy(job, spec);
        if (job.Kind.HasServices)
        {
            AddFrameworkPort(job, spec, template.Spec);
        }

        rules.Prepare(template.Spec, job, spec, index);
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = job.ReplicaName(spec.Role, index),
                NamespaceProperty = job.Namespace,
                Labels = Labels(template.Metadata?.Labels, job, spec, index, attempt, rules),
                Annotations = template.Metadata?.Annotations,
                Finalizers = template.Metadata?.Finalizers,
                OwnerReferences = [OwnerReference(job)],
            },
            Spec = template.Spec,
        };
    }

    public static V1OwnerReference OwnerReference(TrainingJob job) => new()
    {
        ApiVersion = job.Kind.ApiVersion(job.Kind.Version),
        Kind = job.Kind.Kind,
        Name = job.Name,
        Uid = job.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>Appends variables behind the author's own: of two with one name Kubernetes takes the last.</summary>
    public static void AddEnvironment(V1Container container, IEnumerable<V1EnvVar> variables) => container.Env = [.. container.Env ?? [], .. variables];

    /// <summary>A container started again in its pod would leave its peers waiting: where all restart together the pod must fail.</summary>
    private static string RestartPolicy(TrainingJob job, ReplicaSpec spec) =>
        spec.RestartPolicy == "ExitCode" || job.Annotations.RestartsGroup ? "Never" : spec.RestartPolicy;

    private static Dictionary<string, string> Labels(IDictionary<string, string>? template, TrainingJob job, ReplicaSpec spec, int index, int attempt, ITrainingRules rules)
    {
        var labels = new Dictionary<string, string>(template ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (name, value) in ReplicaLabels.Of(job, spec.Role, index))
        {
            labels[name] = value;
        }

        if (rules.IsMaster(job, spec.Role, index))
        {
            labels[ReplicaLabels.JobRole] = ReplicaLabels.Master;
        }

        if (attempt > 0)
        {
            labels[ReplicaLabels.Attempt] = attempt.ToString(CultureInfo.InvariantCulture);
        }

        return labels;
    }

    private static void AddFrameworkPort(TrainingJob job, ReplicaSpec spec, V1PodSpec pod)
    {
        var container = pod.Containers.FirstOrDefault(container => container.Name == job.Kind.ContainerName) ?? pod.Containers[0];
        if (container.Ports?.Any(port => port.Name == job.Kind.PortName) != true)
        {
            container.Ports = [.. container.Ports ?? [], new V1ContainerPort { Name = job.Kind.PortName, ContainerPort = spec.FrameworkPort }];
        }
    }
}
