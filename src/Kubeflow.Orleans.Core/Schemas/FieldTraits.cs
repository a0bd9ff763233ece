using System.Collections.Frozen;
using System.Collections.Immutable;
using k8s.Models;

namespace Kubeflow.Orleans.Core.Schemas;

/// <summary>
/// What Kubernetes' Go types carry in their tags and KubernetesClient's models do not: how a list merges, what is treated as one
/// value, which defaults a schema sets.
/// </summary>
internal static partial class FieldTraits
{
    private static readonly FrozenDictionary<(Type Owner, string Field), Func<Schema, Schema>> Fields = new Dictionary<(Type, string), Func<Schema, Schema>>
    {
        [(typeof(V1ObjectMeta), "finalizers")] = ScalarMerge,
        [(typeof(V1ObjectMeta), "ownerReferences")] = Merge("uid"),
        [(typeof(V1PodSpec), "containers")] = Merge("name"),
        [(typeof(V1PodSpec), "initContainers")] = Merge("name"),
        [(typeof(V1PodSpec), "ephemeralContainers")] = Merge("name"),
        [(typeof(V1PodSpec), "imagePullSecrets")] = Merge("name"),
        [(typeof(V1PodSpec), "schedulingGates")] = Merge("name"),
        [(typeof(V1PodSpec), "hostAliases")] = Merge("ip"),
        [(typeof(V1PodSpec), "topologySpreadConstraints")] = Merge("topologyKey", "topologyKey", "whenUnsatisfiable"),
        [(typeof(V1PodSpec), "volumes")] = MergeRetainingKeys("name"),
        [(typeof(V1PodSpec), "resourceClaims")] = MergeRetainingKeys("name"),
        [(typeof(V1PodSpec), "nodeSelector")] = Atomic,
        [(typeof(V1PodStatus), "podIPs")] = Merge("ip"),
        [(typeof(V1PodStatus), "hostIPs")] = Merge("ip"),
        [(typeof(V1PodStatus), "resourceClaimStatuses")] = MergeRetainingKeys("name"),
        [(typeof(V1ContainerStatus), "allocatedResourcesStatus")] = Merge("name"),
        [(typeof(V1ContainerStatus), "volumeMounts")] = Merge("mountPath"),
        [(typeof(V1Container), "env")] = Merge("name"),
        [(typeof(V1Container), "ports")] = Merge("containerPort", "containerPort", "protocol"),
        [(typeof(V1Container), "volumeMounts")] = Merge("mountPath"),
        [(typeof(V1Container), "volumeDevices")] = Merge("devicePath"),
        [(typeof(V1EphemeralContainer), "env")] = Merge("name"),
        [(typeof(V1EphemeralContainer), "ports")] = Merge("containerPort", "containerPort", "protocol"),
        [(typeof(V1EphemeralContainer), "volumeMounts")] = Merge("mountPath"),
        [(typeof(V1EphemeralContainer), "volumeDevices")] = Merge("devicePath"),
        [(typeof(V1ResourceRequirements), "claims")] = ListMap("name"),
        [(typeof(V1ContainerRestartRuleOnExitCodes), "values")] = Set,
        [(typeof(V1ServiceSpec), "ports")] = Merge("port", "port", "protocol"),
        [(typeof(V1ServiceSpec), "selector")] = Atomic,
        [(typeof(V1ServiceAccount), "secrets")] = Merge("name"),
        [(typeof(V1NodeSpec), "podCIDRs")] = ScalarMerge,
        [(typeof(V1NodeStatus), "addresses")] = Merge("type"),
        [(typeof(V1DeploymentSpec), "strategy")] = RetainKeys,
        [(typeof(V1ContainerPort), "protocol")] = Default("\"TCP\""),
        [(typeof(V1ServicePort), "protocol")] = Default("\"TCP\""),
        [(typeof(V1GRPCAction), "service")] = Default("\"\""),
        [(typeof(V1LocalObjectReference), "name")] = Default("\"\""),
        [(typeof(V1ConfigMapEnvSource), "name")] = Default("\"\""),
        [(typeof(V1ConfigMapKeySelector), "name")] = Default("\"\""),
        [(typeof(V1ConfigMapProjection), "name")] = Default("\"\""),
        [(typeof(V1ConfigMapVolumeSource), "name")] = Default("\"\""),
        [(typeof(V1SecretEnvSource), "name")] = Default("\"\""),
        [(typeof(V1SecretKeySelector), "name")] = Default("\"\""),
        [(typeof(V1SecretProjection), "name")] = Default("\"\""),
        [(typeof(V1FileKeySelector), "optional")] = Default("false"),
        [(typeof(V1AzureDiskVolumeSource), "fsType")] = Default("\"ext4\""),
        [(typeof(V1AzureDiskVolumeSource), "readOnly")] = Default("false"),
        [(typeof(V1ISCSIVolumeSource), "iscsiInterface")] = Default("\"default\""),
        [(typeof(V1RBDVolumeSource), "keyring")] = Default("\"/etc/ceph/keyring\""),
        [(typeof(V1RBDVolumeSource), "pool")] = Default("\"rbd\""),
        [(typeof(V1RBDVolumeSource), "user")] = Default("\"admin\""),
        [(typeof(V1ScaleIOVolumeSource), "fsType")] = Default("\"xfs\""),
        [(typeof(V1ScaleIOVolumeSource), "storageMode")] = Default("\"ThinProvisioned\""),
    }.ToFrozenDictionary();

    private static readonly FrozenSet<Type> AtomicTypes = new[]
    {
        typeof(V1LocalObjectReference), typeof(V1ObjectReference), typeof(V1SecretReference), typeof(V1OwnerReference), typeof(V1LabelSelector),
        typeof(V1NodeSelector), typeof(V1NodeSelectorTerm), typeof(V1ObjectFieldSelector), typeof(V1ResourceFieldSelector), typeof(V1FileKeySelector),
        typeof(V1ConfigMapKeySelector), typeof(V1SecretKeySelector), typeof(V1TypedLocalObjectReference), typeof(V1TopologySelectorTerm),
        typeof(V1ScopeSelector), typeof(V1ScopedResourceSelectorRequirement), typeof(V1RoleRef), typeof(Rbacv1Subject), typeof(V1CrossVersionObjectReference),
    }.ToFrozenSet();

    public static bool IsAtomic(Type type) => AtomicTypes.Contains(type);

    public static Schema Decorate(Type owner, string field, Schema schema)
    {
        if (field == "conditions" && schema.Items is { Properties: var properties } && properties.ContainsKey("type"))
        {
            return Merge("type")(schema);
        }

        return Fields.TryGetValue((owner, field), out var decorate) ? decorate(schema) : schema;
    }

    private static Schema ScalarMerge(Schema schema) => schema with { PatchStrategy = "merge", ListType = "set" };

    private static Schema Set(Schema schema) => schema with { ListType = "set" };

    private static Schema Atomic(Schema schema) => schema with { MapType = "atomic" };

    private static Schema RetainKeys(Schema schema) => schema with { PatchStrategy = "retainKeys" };

    private static Func<Schema, Schema> Default(string json) => schema => schema with { DefaultJson = json };

    private static Func<Schema, Schema> ListMap(string key) => schema => schema with { ListType = "map", ListMapKeys = [key] };

    private static Func<Schema, Schema> MergeRetainingKeys(string key) => schema => Merge(key)(schema) with { PatchStrategy = "merge,retainKeys" };

    /// <summary>Strategic merge knows one key; server-side apply may need more to tell two elements apart.</summary>
    private static Func<Schema, Schema> Merge(string key, params ImmutableArray<string> listMapKeys) => schema => schema with
    {
        PatchStrategy = "merge",
        PatchMergeKey = key,
        ListType = "map",
        ListMapKeys = listMapKeys.IsEmpty ? [key] : listMapKeys,
    };
}
