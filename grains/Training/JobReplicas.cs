using System.Collections.Immutable;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The job's replicas as they are wanted and as they are.</summary>
internal sealed class JobReplicas
{
    private readonly TrainingJob job;
    private readonly TrainingNotes notes;

    public JobReplicas(TrainingJob job, IReadOnlyList<ObservedPod> pods, IReadOnlyList<ObservedService> services, TrainingNotes notes)
    {
        this.job = job;
        this.notes = notes;
        var podAt = ByPlace(pods, pod => pod.Labels, pod => (pod.Terminating, pod.Name));
        var serviceAt = ByPlace(services, service => service.Labels, service => (service.Terminating, service.Name));
        All =
        [
            .. from spec in job.Replicas
               from index in Enumerable.Range(0, spec.Replicas)
               let name = job.ReplicaName(spec.Role, index)
               select new Replica(spec, index, name, podAt.GetValueOrDefault((spec.Role, index)), serviceAt.GetValueOrDefault((spec.Role, index)), notes.Of(name)),
        ];
        SurplusPods = [.. podAt.Where(entry => !Wanted(entry.Key)).Select(entry => entry.Value).Where(pod => !pod.Terminating)];
        SurplusServices = [.. serviceAt.Where(entry => !Wanted(entry.Key)).Select(entry => entry.Value).Where(service => !service.Terminating)];
    }

    /// <summary>Every wanted replica, roles in the kind's order.</summary>
    public ImmutableArray<Replica> All { get; }

    /// <summary>Pods beyond the wanted number, or of a role that was taken out of the spec.</summary>
    public ImmutableArray<ObservedPod> SurplusPods { get; }

    public ImmutableArray<ObservedService> SurplusServices { get; }

    /// <summary>Restarts that count against the limit: those that are noted, and those of running pods' containers.</summary>
    public long Restarts => notes.Restarts
        + All.Where(replica => replica.Spec.RestartsPods).Sum(replica => (long)replica.Notes.Restarts + (replica.IsRunning ? replica.ContainerRestarts : 0));

    public IEnumerable<Replica> Failed => All.Where(replica => replica.HasFailed);

    public int Active(string role) => Of(role).Count(replica => replica.IsRunning);

    public int Succeeded(string role) => Of(role).Count(replica => replica.IsCompleted);

    public int FailedOf(string role) => Of(role).Count(replica => replica.HasFailed);

    /// <summary>The role is in the spec and each of its replicas has succeeded.</summary>
    public bool HaveAllSucceeded(string role) => job.Has(role) && Of(role).All(replica => replica.IsCompleted);

    public Replica? Find(string role, int index) => Of(role).FirstOrDefault(replica => replica.Index == index);

    public bool IsCompleted(string role, int index) => Find(role, index)?.IsCompleted == true;

    /// <summary>What <c>status.replicaStatuses</c> says: every role of the spec, even when it has no pods.</summary>
    public ImmutableSortedDictionary<string, ReplicaStatus> ToStatuses() => job.Replicas.ToImmutableSortedDictionary(
        spec => spec.Role,
        spec => new ReplicaStatus(Active(spec.Role), Succeeded(spec.Role), FailedOf(spec.Role), job.Kind.Scale is null ? "" : ReplicaLabels.SelectorText(job, spec.Role)),
        StringComparer.Ordinal);

    private IEnumerable<Replica> Of(string role) => All.Where(replica => replica.Spec.Role == role);

    private bool Wanted((string Role, int Index) place) => job.Replica(place.Role) is { } spec && place.Index < spec.Replicas;

    /// <summary>
    /// Children by role and index. A slow watch may show a new child beside the one it replaced: the one that stays counts.
    /// </summary>
    private Dictionary<(string Role, int Index), T> ByPlace<T>(
        IEnumerable<T> children, Func<T, IReadOnlyDictionary<string, string>> labels, Func<T, (bool Terminating, string Name)> order)
    {
        var places = new Dictionary<(string, int), T>();
        foreach (var child in children.OrderBy(child => order(child).Terminating).ThenBy(child => order(child).Name, StringComparer.Ordinal))
        {
            if (ReplicaLabels.Read(labels(child), job) is { } place)
            {
                places.TryAdd(place, child);
            }
        }

        return places;
    }
}
