using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Kubernetes.Watching;

/// <summary>A queue of owners to look at, each at most once at a time however often its children change.</summary>
internal sealed class ChangedOwners
{
    private readonly Channel<ResourceKey> queue = Channel.CreateUnbounded<ResourceKey>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<ResourceKey, bool> queued = new();
    private readonly ConcurrentDictionary<ResourceKey, bool> waiting = new();

    public void Add(ResourceKey owner)
    {
        if (queued.TryAdd(owner, true))
        {
            queue.Writer.TryWrite(owner);
        }
    }

    /// <summary>Remembers an owner until <see cref="AddWaiting"/>.</summary>
    public void AddLater(ResourceKey owner) => waiting.TryAdd(owner, true);

    /// <summary>Queues the owners that have been waiting.</summary>
    public void AddWaiting()
    {
        foreach (var owner in waiting.Keys)
        {
            if (waiting.TryRemove(owner, out _))
            {
                Add(owner);
            }
        }
    }

    public async IAsyncEnumerable<ResourceKey> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var owner in queue.Reader.ReadAllAsync(cancellationToken))
        {
            // Forgotten before it is handed out: a change that comes while the owner is looked at queues it again.
            queued.TryRemove(owner, out _);
            yield return owner;
        }
    }
}
