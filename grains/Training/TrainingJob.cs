using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// A typed view over a training job's document with the defaults applied in memory: the stored object stays as its author wrote it.
/// </summary>
internal sealed class TrainingJob
{
    public TrainingJob(TrainingKind kind, Document document)
    {
        Kind = kind;
        Document = document;
        Spec = document.Root.Get("spec");
        RunPolicy = new RunPolicy(Spec, kind.Manager);
        Replicas = ReadReplicas(kind, Spec.Get(kind.ReplicaSpecsField));
        Name = document.Metadata.Name;
        Namespace = document.Metadata.Namespace;
        Uid = document.Metadata.Uid;
        Annotations = new JobAnnotations(document.Metadata.Annotations);
    }

    public TrainingKind Kind { get; }

    public Document Document { get; }

    public string Name { get; }

    public string Namespace { get; }

    public string Uid { get; }

    /// <summary>What the job asks for beyond upstream.</summary>
    public JobAnnotations Annotations { get; }

    public JsonElement Spec { get; }

    public RunPolicy RunPolicy { get; }

    /// <summary>By role: the kind's roles in the kind's order, then roles the kind does not know, by name.</summary>
    public ImmutableArray<ReplicaSpec> Replicas { get; }

    /// <summary>Of all roles together: how many processes find each other.</summary>
    public long TotalReplicas => Replicas.Sum(replica => (long)replica.Replicas);

    public ReplicaSpec? Replica(string role) => Replicas.FirstOrDefault(replica => replica.Role == role);

    public bool Has(string role) => Replica(role) is not null;

    /// <summary>The name of the pod and the service of one replica.</summary>
    public string ReplicaName(string role, int index) =>
        (Kind.IsSingle(role) ? $"{Name}-{role.ToLowerInvariant()}" : $"{Name}-{role.ToLowerInvariant()}-{index}").Replace('/', '-');

    private static ImmutableArray<ReplicaSpec> ReadReplicas(TrainingKind kind, JsonElement replicaSpecs) =>
    [
        .. replicaSpecs.Members()
            .OrderBy(member => member.Name == kind.RoleOf(member.Name) ? 0 : 1) // an exact spelling wins over "worker" beside "Worker"
            .DistinctBy(member => kind.RoleOf(member.Name))
            .Select(member => new ReplicaSpec(kind, kind.RoleOf(member.Name), member.Value))
            .OrderBy(replica => kind.Roles.IndexOf(replica.Role) is var position and >= 0 ? position : int.MaxValue)
            .ThenBy(replica => replica.Role, StringComparer.Ordinal),
    ];
}
