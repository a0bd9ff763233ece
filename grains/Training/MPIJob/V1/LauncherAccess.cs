using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V1;

/// <summary>What lets the launcher see pods and start programs in its workers, and in no other pod.</summary>
internal static class LauncherAccess
{
    private const string RbacVersion = $"{V1Role.KubeGroup}/{V1Role.KubeApiVersion}";

    /// <summary>The account the launcher runs as: the author's, or one of our making.</summary>
    public static string AccountOf(TrainingJob job) => Named(job) is { Length: > 0 } named ? named : Name(job);

    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> Build(TrainingJob job) =>
    [
        .. Named(job) is { Length: > 0 } ? (IEnumerable<IKubernetesObject<V1ObjectMeta>>)[] : [Account(job)],
        Role(job),
        Binding(job),
    ];

    private static string? Named(TrainingJob job) => job.Replica(MPIJobV1Kind.Launcher)?.Template.Get("spec").Text("serviceAccountName");

    private static string Name(TrainingJob job) => $"{job.Name}-launcher";

    private static V1ServiceAccount Account(TrainingJob job) => new() { ApiVersion = "v1", Kind = "ServiceAccount", Metadata = MPICompanions.Metadata(job, Name(job)) };

    /// <summary>A rule without names would open every pod of the namespace, so without workers there is none.</summary>
    private static V1Role Role(TrainingJob job)
    {
        var workers = Enumerable.Range(0, job.Replica(TrainingKind.Worker)?.Replicas ?? 0).Select(index => job.ReplicaName(TrainingKind.Worker, index)).ToList();
        var exec = new V1PolicyRule { ApiGroups = [""], Resources = ["pods/exec"], Verbs = ["create"], ResourceNames = workers };
        return new V1Role
        {
            ApiVersion = RbacVersion,
            Kind = V1Role.KubeKind,
            Metadata = MPICompanions.Metadata(job, Name(job)),
            Rules = [new V1PolicyRule { ApiGroups = [""], Resources = ["pods"], Verbs = ["get", "list", "watch"] }, .. workers.Count > 0 ? [exec] : Array.Empty<V1PolicyRule>()],
        };
    }

    private static V1RoleBinding Binding(TrainingJob job) => new()
    {
        ApiVersion = RbacVersion,
        Kind = V1RoleBinding.KubeKind,
        Metadata = MPICompanions.Metadata(job, Name(job)),
        Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = AccountOf(job), NamespaceProperty = job.Namespace }],
        RoleRef = new V1RoleRef { ApiGroup = V1Role.KubeGroup, Kind = V1Role.KubeKind, Name = Name(job) },
    };
}
