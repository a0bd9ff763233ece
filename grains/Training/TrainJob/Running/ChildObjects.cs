using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Grains.Training.MPIJob;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>Makes the objects of a plan: its pods, the service that names them, and what they mount.</summary>
internal static class ChildObjects
{
    private const string IndexVariable = "JOB_COMPLETION_INDEX";

    public static V1Pod Pod(TrainJobPlan plan, ChildJob child, int index)
    {
        // Every pod gets a template of its own: what is added for one must not show in the next.
        var template = KubernetesJson.Deserialize<V1PodTemplateSpec>(KubernetesJson.Serialize(child.Template.Pod));
        var place = PodLabels.OfJobSet(plan, child);
        var metadata = Metadata(plan.Job, child.PodName(index));
        metadata.Labels = Merged(template.Metadata?.Labels, place, PodLabels.OfBatchJob(plan, child, index), metadata.Labels);
        metadata.Annotations = Merged(OfJob(plan.Job), template.Metadata?.Annotations, place, new Dictionary<string, string> { [PodLabels.Index] = PodLabels.Text(index) });
        metadata.Finalizers = template.Metadata?.Finalizers;
        if (plan.HasHostNames)
        {
            template.Spec.Hostname = $"{child.Name}-{PodLabels.Text(index)}";
            template.Spec.Subdomain = plan.Subdomain;
        }

        foreach (var container in template.Spec.Containers.Concat(template.Spec.InitContainers ?? []).Where(container => container.Env?.Any(variable => variable.Name == IndexVariable) != true))
        {
            container.SetEnvironment([ContainerEditing.IndexVariable(IndexVariable)]);
        }

        AddClaims(plan, template.Spec);
        return new V1Pod { ApiVersion = "v1", Kind = "Pod", Metadata = metadata, Spec = template.Spec };
    }

    /// <summary>The headless service behind the pods' names. It stands for the whole, so it carries the template's own labels.</summary>
    public static V1Service Service(TrainJobPlan plan)
    {
        var metadata = Metadata(plan.Job, plan.Subdomain);
        metadata.Labels = Merged(plan.Metadata.Labels, metadata.Labels);
        metadata.Annotations = plan.Metadata.Annotations;
        return new V1Service
        {
            ApiVersion = "v1",
            Kind = "Service",
            Metadata = metadata,
            Spec = new V1ServiceSpec
            {
                ClusterIP = "None",
                PublishNotReadyAddresses = plan.PublishesNotReadyAddresses,
                Selector = new Dictionary<string, string> { [PodLabels.JobSetName] = plan.Job.Name },
            },
        };
    }

    public static IEnumerable<V1ConfigMap> ConfigMaps(TrainJobPlan plan) => plan.ConfigMaps.Select(planned => new V1ConfigMap
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = Metadata(plan.Job, planned.Metadata.Name),
        Data = planned.Data,
    });

    /// <summary>One key pair for all pods of the job; it never changes.</summary>
    public static IEnumerable<V1Secret> Keys(TrainJobPlan plan, IReadOnlyList<ObservedChild> children, Func<SshKeyPair> newKey)
    {
        if (plan.SshSecret is { } name)
        {
            var hasKey = children.Any(child => child.Kind == ChildKind.Of<V1Secret>() && child.Name == name);
            var secret = SshAccess.Secret(Metadata(plan.Job, name), hasKey, newKey);
            secret.Immutable = true;
            yield return secret;
        }
    }

    /// <summary>The claims that go with the job. Once made they are left alone: a cluster writes amounts in its own way and volumes bind.</summary>
    public static IEnumerable<V1PersistentVolumeClaim> Claims(TrainJobPlan plan, IReadOnlyList<ObservedChild> children)
    {
        var made = children.Where(child => child.Kind == ChildKind.Of<V1PersistentVolumeClaim>()).Select(child => child.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var claim in Claims(plan, retained: false))
        {
            claim.Spec = made.Contains(claim.Metadata.Name) ? null : claim.Spec;
            yield return claim;
        }
    }

    public static IEnumerable<V1PersistentVolumeClaim> RetainedClaims(TrainJobPlan plan) => Claims(plan, retained: true);

    /// <param name="retained">Those that outlive the job, or those that go with it.</param>
    private static IEnumerable<V1PersistentVolumeClaim> Claims(TrainJobPlan plan, bool retained) =>
        from policy in plan.Claims
        where policy.Retains == retained
        from template in policy.Templates ?? []
        let metadata = Metadata(plan.Job, ClaimName(plan, template))
        select new V1PersistentVolumeClaim
        {
            ApiVersion = "v1",
            Kind = "PersistentVolumeClaim",
            Metadata = new V1ObjectMeta
            {
                Name = metadata.Name,
                NamespaceProperty = metadata.NamespaceProperty,
                Labels = retained ? template.Metadata?.Labels : Merged(template.Metadata?.Labels, metadata.Labels),
                Annotations = template.Metadata?.Annotations,
                OwnerReferences = retained ? null : metadata.OwnerReferences,
            },
            Spec = template.Spec,
        };

    public static V1ObjectMeta Metadata(TrainJobSpec job, string name) => new()
    {
        Name = name,
        NamespaceProperty = job.Namespace,
        Labels = PodLabels.OfChild(job),
        OwnerReferences =
        [
            new V1OwnerReference
            {
                ApiVersion = $"{TrainerApi.Group}/{TrainerApi.Version}",
                Kind = TrainerApi.TrainJobKind,
                Name = job.Name,
                Uid = job.Uid,
                Controller = true,
                BlockOwnerDeletion = true,
            },
        ],
    };

    /// <summary>Whoever mounts a claim of the job's by its name gets the volume.</summary>
    private static void AddClaims(TrainJobPlan plan, V1PodSpec pod)
    {
        var mounted = pod.Containers.Concat(pod.InitContainers ?? []).SelectMany(container => container.VolumeMounts ?? []).Select(mount => mount.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var template in plan.Claims.SelectMany(policy => policy.Templates ?? []).Where(template => mounted.Contains(template.Metadata.Name)))
        {
            pod.SetVolume(new V1Volume { Name = template.Metadata.Name, PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = ClaimName(plan, template) } });
        }
    }

    private static Dictionary<string, string>? OfJob(TrainJobSpec job) =>
        job.WorkingDirectory is { } folder ? new Dictionary<string, string> { [WellKnown.WorkingDirectoryAnnotation] = folder } : null;

    private static string ClaimName(TrainJobPlan plan, V1PersistentVolumeClaim template) => $"{template.Metadata.Name}-{plan.Job.Name}";

    /// <summary>Later ones win.</summary>
    private static Dictionary<string, string> Merged(params ReadOnlySpan<IDictionary<string, string>?> maps)
    {
        var merged = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var map in maps)
        {
            foreach (var (name, value) in map ?? new Dictionary<string, string>())
            {
                merged[name] = value;
            }
        }

        return merged;
    }
}
