using Kubeflow.Orleans.Contracts;
using Kubeflow.Orleans.Core.Resources;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// The actor of any object: it coalesces pokes, has the object reconciled in turns of its own, and goes away when there is nothing
/// left to do. All it keeps in memory may be lost at any instant.
/// </summary>
[CollectionAgeLimit(Minutes = 5)]
internal sealed partial class ResourceGrain(Reconciler reconciler, TimeProvider clock, ILogger<ResourceGrain> logger) : Grain, IResourceGrain
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    private readonly PendingEffects pending = new(clock);
    private ResourceKey key;
    private IGrainTimer? turn;
    private bool poked;
    private bool reconciling;
    private TimeSpan backoff = FirstBackoff;

    public Task PokeAsync()
    {
        poked = true;
        if (!reconciling)
        {
            LookAgainIn(TimeSpan.Zero);
        }

        return Task.CompletedTask;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = ResourceKey.Parse(this.GetPrimaryKeyString());
        turn = this.RegisterGrainTimer(TurnAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        poked = false;
        reconciling = true;
        Outcome outcome;
        try
        {
            outcome = await reconciler.ReconcileAsync(key, pending, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailure(logger, failure, key.Resource, key.Namespace, key.Name, backoff);
            outcome = Outcome.TryAgain;
        }
        finally
        {
            reconciling = false;
        }

        backoff = outcome == Outcome.TryAgain ? Longer(backoff) : FirstBackoff;
        if (poked || outcome == Outcome.LookAgain)
        {
            LookAgainIn(TimeSpan.Zero);
        }
        else if (outcome == Outcome.TryAgain)
        {
            LookAgainIn(backoff);
        }
        else if (outcome == Outcome.Finished)
        {
            DeactivateOnIdle();
        }
    }

    private void LookAgainIn(TimeSpan delay) => turn!.Change(delay, Timeout.InfiniteTimeSpan);

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < LongestBackoff ? wait * 2 : LongestBackoff;

    [LoggerMessage(Level = LogLevel.Error, Message = "Reconciling {Kind} {Namespace}/{Name} failed. Trying again in {Backoff}.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string kind, string @namespace, string name, TimeSpan backoff);
}
