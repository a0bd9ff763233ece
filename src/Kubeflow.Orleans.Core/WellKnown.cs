namespace Kubeflow.Orleans.Core;

/// <summary>Names this project adds to objects. Everything else is named as Kubernetes and Kubeflow name it.</summary>
public static class WellKnown
{
    public const string Domain = "kubeflow-orleans.dev";

    /// <summary>Label on every child in a cluster: <see cref="ManagerName"/>.</summary>
    public const string ManagedByLabel = Domain + "/managed-by";

    /// <summary>Label on every child: the uid of the object it belongs to.</summary>
    public const string OwnerUidLabel = Domain + "/owner-uid";

    /// <summary>Label on every child: the resource of the object it belongs to, for example <c>tfjobs.kubeflow.org</c>.</summary>
    public const string OwnerResourceLabel = Domain + "/owner-resource";

    /// <summary>Label on every child: <see cref="StableHash.Shard"/> of the owner's uid, so that watches can be split.</summary>
    public const string ShardLabel = Domain + "/shard";

    /// <summary>
    /// Annotation on a pod: the folder its processes start in when the embedded cluster runs them. For containers without a
    /// workingDir of their own; a real cluster ignores it. On a job whose pod templates stand in a runtime: for all its pods.
    /// </summary>
    public const string WorkingDirectoryAnnotation = Domain + "/working-directory";

    /// <summary>
    /// Label on every child in a cluster that does not know our objects: which control plane it belongs to, so that two of them can use
    /// one cluster.
    /// </summary>
    public const string ControlPlaneLabel = Domain + "/control-plane";

    /// <summary>Annotation on every child in such a cluster: its controlling owner reference as JSON.</summary>
    public const string OwnerAnnotation = Domain + "/owner";

    /// <summary>Annotation on an object or its namespace: the name of the cluster it runs in.</summary>
    public const string ClusterAnnotation = Domain + "/cluster";

    public const string ManagerName = "kubeflow-orleans";
}
