using System.Collections.Immutable;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// Its next_wake has come. Timers are a column, so they survive every crash. Each silo wakes its share of the objects, and whatever
/// nobody has woken in time.
/// </summary>
internal sealed partial class WakePoker(IResourceStore store, SiloShare share, Poker poker, TimeProvider clock, ILogger<WakePoker> logger) : BackgroundService
{
    private const int Batch = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long the silo whose share it is may take. One that is dead is counted as active until the others have noticed.</summary>
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(5);

    /// <summary>
    /// When a silo is lost, pokes on their way to its grains are lost too, and nobody knows which. Whatever is not done is due again
    /// within ten minutes: all of that is looked at now.
    /// </summary>
    private static readonly TimeSpan Unfinished = TimeSpan.FromMinutes(10);

    /// <summary>For so long: a grain that is poked at once may still be looked for where it was.</summary>
    private static readonly TimeSpan Aftermath = Patience * 2;

    private readonly Dictionary<DueObject, DateTimeOffset> poked = [];
    private ImmutableArray<SiloAddress> silos = [];
    private DateTimeOffset lastLoss;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);

        // Actions that a dead silo left unfinished need not wait for their time.
        var horizon = Reconciler.UnfinishedActions;
        do
        {
            try
            {
                await ScanAsync(horizon, stoppingToken);
                horizon = TimeSpan.Zero;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(logger, failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default));
    }

    private async Task ScanAsync(TimeSpan horizon, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var stale in poked.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToList())
        {
            poked.Remove(stale);
        }

        NoticeLosses(now);
        await PokeAsync(now + (now - lastLoss < Aftermath ? Unfinished : horizon), share.Shards, now, cancellationToken);
        if (silos.Length > 1)
        {
            await PokeAsync(now - Overdue, ShardRange.All, now, cancellationToken);
        }
    }

    private void NoticeLosses(DateTimeOffset now)
    {
        var active = share.Silos;
        if (silos.Except(active).Any())
        {
            lastLoss = now;
        }

        silos = active;
    }

    /// <summary>The same wake is not poked again while its grain may still be busy with it.</summary>
    private async Task PokeAsync(DateTimeOffset until, ShardRange shards, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var due in await store.ReadDueAsync(until, shards, Batch + poked.Count, cancellationToken))
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
