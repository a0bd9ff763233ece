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

/// <summary>
/// The object, or an object it names, changed in the store. Every silo follows the log and pokes its share; what is missed while silos
/// come and go is due by its next_wake.
/// </summary>
internal sealed partial class ChangePoker(
    IResourceStore store, IChangeFeed feed, KindCatalog kinds, IEnumerable<IStateMachine> machines, SiloShare share, Poker poker, TimeProvider clock, ILogger<ChangePoker> logger)
    : BackgroundService
{
    private static readonly TimeSpan MaximumWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
    [
        .. machines.Select(machine => FollowAsync(machine.Resource, PokeChangedAsync, stoppingToken)),
        .. machines.SelectMany(machine => (machine.Referring?.ReferredResources ?? []).Select(referred =>
            FollowAsync(referred, (change, token) => PokeReferringAsync(machine, change.Key, token), stoppingToken))),
    ]);

    private Task PokeChangedAsync(Change change, CancellationToken cancellationToken)
    {
        // What is gone has no next_wake that could make up for a missed poke: that one is everybody's.
        if ((change.Type == ChangeType.Deleted || share.Includes(change.Document.Metadata.Uid)) && Concerns(change))
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
            Filter = document => share.Includes(document.Metadata.Uid) && machine.Referring!.References(document.Root).Contains(changed),
        };
        foreach (var document in (await store.ListAsync(query, cancellationToken)).Items)
        {
            poker.Poke(new ResourceKey(machine.Resource, document.Metadata.Namespace, document.Metadata.Name));
        }
    }

    private async Task FollowAsync(string resource, Func<Change, CancellationToken, Task> poke, CancellationToken cancellationToken)
    {
        // Whatever was written before has its next_wake set: the wake poker finds it.
        long? position = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var after = position ??= await store.HeadAsync(cancellationToken);
                using var subscription = feed.Subscribe(resource, after);
                while (true)
                {
                    foreach (var change in await subscription.ReadAsync(MaximumWait, cancellationToken))
                    {
                        await poke(change, cancellationToken);
                    }

                    position = subscription.Position;
                }
            }
            catch (PositionExpiredException expired)
            {
                // Too far behind: what was missed is due by its next_wake, follow on from what is still there.
                position = expired.Floor;
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailure(logger, failure, resource);
                await Task.Delay(Backoff, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private bool Concerns(Change change) => kinds.Find(change.Key.Resource) is not IReconciledKind kind || kind.Concerns(change.Document.Root);

    [LoggerMessage(Level = LogLevel.Error, Message = "Following the changes of {Resource} failed; trying again.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string resource);
}

/// <summary>
/// A child of the object changed in a cluster, or the cluster as a whole came or went. Every silo sees every cluster and pokes for all it
/// sees: a grain decides by what its own silo has seen, and nobody else knows when that is.
/// </summary>
internal sealed partial class ChildPoker(Clusters clusters, Poker poker, ILogger<ChildPoker> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(clusters.All.Select(cluster => FollowAsync(cluster, stoppingToken)));

    private async Task FollowAsync(ICluster cluster, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var owner in cluster.View.ChangedOwnersAsync(cancellationToken))
                {
                    poker.Poke(owner);
                }
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailure(logger, failure, cluster.Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Following the changes in cluster {Cluster} failed; trying again.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string cluster);
}
