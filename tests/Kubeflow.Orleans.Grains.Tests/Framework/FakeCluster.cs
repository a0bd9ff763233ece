using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Tests.Framework;

/// <summary>A cluster in memory: pods and services by name, uids, fenced deletes; its view can be held back to imitate a slow watch.</summary>
internal sealed class FakeCluster : ICluster, IClusterView
{
    private readonly ConcurrentDictionary<string, ObservedPod> pods = new();
    private readonly Channel<ResourceKey> changed = Channel.CreateUnbounded<ResourceKey>();
    private ImmutableArray<ObservedPod>? held;

    public ConcurrentQueue<ObjectEvent> Events { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Answers the next creates with this instead of creating.</summary>
    public ConcurrentQueue<CreateOutcome> NextCreates { get; } = new();

    /// <summary>Runs before a create takes effect: the place to crash at.</summary>
    public Action BeforeCreate { get; set; } = () => { };

    public IClusterView View => this;

    public bool Synced { get; set; } = true;

    public IReadOnlyCollection<ObservedPod> Pods => [.. pods.Values];

    public IReadOnlyList<ObservedPod> PodsOf(string ownerUid) => [.. (held ?? [.. pods.Values]).Where(pod => pod.OwnerUid == ownerUid)];

    public IReadOnlyList<ObservedService> ServicesOf(string ownerUid) => [];

    public IAsyncEnumerable<ResourceKey> ChangedOwnersAsync(CancellationToken cancellationToken) => changed.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Freezes what <see cref="PodsOf"/> shows until <see cref="Catch"/>.</summary>
    public void HoldView() => held = [.. pods.Values];

    public void Catch() => held = null;

    public void Set(ObservedPod pod)
    {
        pods[pod.Name] = pod;
        changed.Writer.TryWrite(new ResourceKey(pod.Labels[WellKnown.OwnerResourceLabel], pod.Namespace, pod.Labels["owner"]));
    }

    public Task<CreateOutcome> CreatePodAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        BeforeCreate();
        Calls.Enqueue($"create {pod.Name()}");
        if (NextCreates.TryDequeue(out var outcome))
        {
            return Task.FromResult(outcome);
        }

        var created = new ObservedPod
        {
            Name = pod.Name(),
            Namespace = pod.Namespace(),
            Uid = Guid.NewGuid().ToString(),
            OwnerUid = pod.OwnerReferences()[0].Uid,
            Labels = pod.Labels().ToImmutableDictionary(),
            Phase = "Pending",
        };
        var winner = pods.GetOrAdd(pod.Name(), created);
        return Task.FromResult<CreateOutcome>(winner.Uid == created.Uid ? new CreateOutcome.Created(created.Uid) : new CreateOutcome.AlreadyExists(winner.Uid, winner.OwnerUid));
    }

    public Task<CreateOutcome> CreateServiceAsync(V1Service service, CancellationToken cancellationToken) =>
        Task.FromResult<CreateOutcome>(new CreateOutcome.Created(Guid.NewGuid().ToString()));

    public Task<DeleteResult> DeletePodAsync(string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"delete {name}");
        var gone = !pods.TryGetValue(name, out var pod) || pod.Uid != uid || !pods.TryRemove(name, out _);
        return Task.FromResult<DeleteResult>(gone ? new DeleteResult.Gone() : new DeleteResult.Accepted());
    }

    public Task<DeleteResult> DeleteServiceAsync(string @namespace, string name, string uid, CancellationToken cancellationToken) =>
        Task.FromResult<DeleteResult>(new DeleteResult.Accepted());

    public void Record(ObjectEvent objectEvent) => Events.Enqueue(objectEvent);
}
