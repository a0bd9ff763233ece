using Kubeflow.Orleans.Contracts;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// Asks grains to look again. The callers below are the reasons: the object or one it names changed, a child changed, its time has come.
/// </summary>
internal sealed class Poker(IGrainFactory grains)
{
    public void Poke(ResourceKey key) => grains.GetGrain<IResourceGrain>(key.ToString()).PokeAsync().Ignore();
}

/// <summary>The object, or an object it names, changed in the store.</summary>
internal sealed class ChangePoker(IResourceStore store, IChangeFeed feed, KindCatalog kinds, IEnumerable<IStateMachine> machines, Poker poker) : BackgroundService
{
    private static readonly TimeSpan MaximumWait = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Whatever was written before has its next_wake set: the wake poker finds it.
        var head = await store.HeadAsync(stoppingToken);
        await Task.WhenAll(
        [
            .. machines.Select(machine => FollowAsync(machine.Resource, head, PokeChangedAsync, stoppingToken)),
            .. machines.SelectMany(machine => (machine.Referring?.ReferredResources ?? []).Select(referred =>
                FollowAsync(referred, head, (change, token) => PokeReferringAsync(machine, change.Key, token), stoppingToken))),
        ]);
    }

    private Task PokeChangedAsync(Change change, CancellationToken cancellationToken)
    {
        if (Concerns(change))
        {
            poker.Poke(change.Key);
        }

        return Task.CompletedTask;
    }

    /// <summary>Every object that names the changed one. What is named changes seldom: looking through all is cheaper than an index.</summary>
    private async Task PokeReferringAsync(IStateMachine machine, ResourceKey changed, CancellationToken cancellationToken)
    {
        var query = new ListQuery(machine.Resource)
        {
            Namespace = changed.Namespace.Length == 0 ? null : changed.Namespace,
            Filter = document => machine.Referring!.References(document.Root).Contains(changed),
        };
        foreach (var document in (await store.ListAsync(query, cancellationToken)).Items)
        {
            poker.Poke(new ResourceKey(machine.Resource, document.Metadata.Namespace, document.Metadata.Name));
        }
    }

    private async Task FollowAsync(string resource, long after, Func<Change, CancellationToken, Task> poke, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var subscription = feed.Subscribe(resource, after);
                while (true)
                {
                    foreach (var change in await subscription.ReadAsync(MaximumWait, cancellationToken))
                    {
                        await poke(change, cancellationToken);
                    }

                    after = subscription.Position;
                }
            }
            catch (PositionExpiredException expired)
            {
                // Too far behind: what was missed is due by its next_wake, follow on from what is still there.
                after = expired.Floor;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private bool Concerns(Change change) => kinds.Find(change.Key.Resource) is not IReconciledKind kind || kind.Concerns(change.Document.Root);
}

/// <summary>A pod or service of the object changed in the cluster.</summary>
internal sealed class ChildPoker(ICluster cluster, Poker poker) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var owner in cluster.View.ChangedOwnersAsync(stoppingToken))
            {
                poker.Poke(owner);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }
}

/// <summary>Its next_wake has come. Timers are a column, so they survive every crash.</summary>
internal sealed partial class WakePoker(IResourceStore store, Poker poker, TimeProvider clock, ILogger<WakePoker> logger) : BackgroundService
{
    private const int Batch = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<DueObject, DateTimeOffset> poked = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);

        // Actions that a dead silo left unfinished need not wait for their time.
        var horizon = Reconciler.UnfinishedActions;
        do
        {
            try
            {
                await ScanAsync(clock.GetUtcNow() + horizon, stoppingToken);
                horizon = TimeSpan.Zero;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(logger, failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default));
    }

    /// <summary>The same wake is not poked again while its grain may still be busy with it.</summary>
    private async Task ScanAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var stale in poked.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToList())
        {
            poked.Remove(stale);
        }

        foreach (var due in await store.ReadDueAsync(until, ShardRange.All, Batch + poked.Count, cancellationToken))
        {
            if (poked.TryAdd(due, now + Patience))
            {
                poker.Poke(due.Key);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for due objects failed; trying again.")]
    private static partial void LogFailure(ILogger logger, Exception failure);
}
