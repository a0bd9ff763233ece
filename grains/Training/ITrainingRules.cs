using System.Collections.Immutable;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What differs between training kinds when deciding: which role speaks for the job, and how its processes find each other.</summary>
internal interface ITrainingRules
{
    TrainingKind Kind { get; }

    /// <summary>The replica gets the label <c>job-role=master</c>.</summary>
    bool IsMaster(TrainingJob job, string role, int index);

    /// <summary>Adds to a pod what the framework needs: variables, init containers.</summary>
    void Prepare(V1PodSpec pod, TrainingJob job, ReplicaSpec spec, int index);

    bool IsRunning(TrainingJob job, JobReplicas replicas);

    bool HasSucceeded(TrainingJob job, JobReplicas replicas);

    JobMessages Messages(TrainingJob job);

    /// <summary>What the failure of the replica's pod means.</summary>
    FailureMeaning MeaningOfFailure(Replica replica) => replica.MeaningOfFailure(replica.Spec.ContainerName);

    /// <summary>The job lives on although replicas of this role failed for good.</summary>
    bool ToleratesFailure(TrainingJob job, string role) => false;

    /// <summary>The kinds of <see cref="Companions"/>.</summary>
    IReadOnlyCollection<ChildKind> CompanionKinds => [];

    /// <summary>What stands beside the pods of a job for as long as it runs.</summary>
    IEnumerable<IKubernetesObject<V1ObjectMeta>> Companions(TrainingJob job, JobReplicas replicas) => [];

    /// <summary>The companions stay as they are while the job is suspended and when it has ended: they go with it.</summary>
    bool KeepsCompanions => false;

    /// <summary>What the status says of the replicas of an unfinished job.</summary>
    ImmutableSortedDictionary<string, ReplicaStatus> Statuses(TrainingJob job, JobReplicas replicas) => replicas.ToStatuses();

    /// <summary>Replicas beside the leading one are created when that is ready.</summary>
    bool StartsWhenLeaderIsReady(TrainingJob job) => job.Annotations.StartsWhenLeaderIsReady;

    /// <summary>The replica's pod may be created now; false: look again when another pod changes.</summary>
    bool MayStart(TrainingJob job, Replica replica, JobReplicas replicas) => true;
}

/// <summary>The sentences in which a kind reports; programs match on them.</summary>
internal sealed record JobMessages(string Running, string Succeeded, Func<string, int, string> Failed);
