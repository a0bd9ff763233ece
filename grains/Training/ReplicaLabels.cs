using System.Globalization;
using Kubeflow.Orleans.Core;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The labels by which a job's pods and services are found, by us and by others (SDKs, schedulers, quota systems).</summary>
internal static class ReplicaLabels
{
    public const string OperatorName = "training.kubeflow.org/operator-name";
    public const string JobName = "training.kubeflow.org/job-name";
    public const string ReplicaType = "training.kubeflow.org/replica-type";
    public const string ReplicaIndex = "training.kubeflow.org/replica-index";
    public const string JobRole = "training.kubeflow.org/job-role";
    public const string Master = "master";

    /// <summary>On the pods of a job whose replicas were started again together: the how manieth time.</summary>
    public const string Attempt = WellKnown.Domain + "/attempt";

    /// <summary>What selects the pod of one replica.</summary>
    public static Dictionary<string, string> Selector(TrainingJob job, string role, int index)
    {
        var selector = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [OperatorName] = job.Kind.OperatorName,
            [JobName] = job.Name.Replace('/', '-'),
            [ReplicaType] = role.ToLowerInvariant(),
        };
        if (!job.Kind.IsSingle(role))
        {
            selector[ReplicaIndex] = index.ToString(CultureInfo.InvariantCulture);
        }

        return selector;
    }

    /// <summary>The selector of all pods of a role as text, keys in order: what autoscalers read from the status.</summary>
    public static string SelectorText(TrainingJob job, string role) =>
        $"{JobName}={job.Name.Replace('/', '-')},{OperatorName}={job.Kind.OperatorName},{ReplicaType}={role.ToLowerInvariant()}";

    /// <summary>The labels of a replica's pod or service: the selector's and those every child of ours carries.</summary>
    public static Dictionary<string, string> Of(TrainingJob job, string role, int index) => new(Selector(job, role, index).Concat(OfCompanion(job)), StringComparer.Ordinal);

    /// <summary>The labels every child carries.</summary>
    public static Dictionary<string, string> OfCompanion(TrainingJob job) => new(StringComparer.Ordinal)
    {
        [WellKnown.ManagedByLabel] = WellKnown.ManagerName,
        [WellKnown.OwnerUidLabel] = job.Uid,
        [WellKnown.OwnerResourceLabel] = job.Kind.Resource,
        [WellKnown.ShardLabel] = StableHash.Shard(job.Uid).ToString(CultureInfo.InvariantCulture),
    };

    public static int AttemptOf(IReadOnlyDictionary<string, string> labels) =>
        int.TryParse(labels.GetValueOrDefault(Attempt), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : 0;

    /// <summary>Which replica a child belongs to; null when its labels do not say.</summary>
    public static (string Role, int Index)? Read(IReadOnlyDictionary<string, string> labels, TrainingJob job)
    {
        if (!labels.TryGetValue(ReplicaType, out var type))
        {
            return null;
        }

        var role = job.Replicas.FirstOrDefault(replica => replica.Role.Equals(type, StringComparison.OrdinalIgnoreCase))?.Role ?? type;
        if (job.Kind.IsSingle(role))
        {
            return (role, 0);
        }

        return int.TryParse(labels.GetValueOrDefault(ReplicaIndex), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? (role, index) : null;
    }
}
