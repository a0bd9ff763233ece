using System.Collections.Frozen;
using Kubeflow.Orleans.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Following;

/// <summary>
/// A loop that looks at the world and mends it. One loop, one thread of thought: what it remembers needs no lock. It decides from
/// state only, so that starting again, or seeing a change twice, does no harm; one bad object costs a log line, never the loop.
/// </summary>
internal abstract partial class Controller(ChangeFollower follower, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private bool failed;

    /// <summary>The resources it follows.</summary>
    protected abstract FrozenSet<string> Resources { get; }

    /// <summary>How long it may sleep when nothing changes.</summary>
    protected virtual TimeSpan MaximumWait => TimeSpan.FromMinutes(5);

    /// <summary>Forgets what it knows; a full list follows.</summary>
    protected abstract void Forget();

    /// <summary>Takes in one change. Only remembers; acts in <see cref="ActAsync"/>.</summary>
    protected abstract void Observe(Change change);

    /// <summary>Does what is to do by now. What it could not do it must find again when called again.</summary>
    protected abstract Task ActAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogFollowingFailed(logger, error);
                await Task.Delay(AfterFailure, CancellationToken.None).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in follower.FollowAsync(Resources, () => failed ? AfterFailure : MaximumWait, cancellationToken))
        {
            if (batch.Fresh)
            {
                Forget();
            }

            foreach (var change in batch.Changes)
            {
                ObserveSafely(change);
            }

            await ActSafelyAsync(cancellationToken);
        }
    }

    private void ObserveSafely(Change change)
    {
        try
        {
            Observe(change);
        }
        catch (Exception error)
        {
            LogObjectSkipped(logger, change.Key.Resource, change.Key.Namespace, change.Key.Name, error);
        }
    }

    private async Task ActSafelyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ActAsync(cancellationToken);
            failed = false;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            failed = true;
            LogActingFailed(logger, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Following changes failed; starting again with a list")]
    private static partial void LogFollowingFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Skipped a change of {Resource} {Namespace}/{Name}")]
    private static partial void LogObjectSkipped(ILogger logger, string resource, string @namespace, string name, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Acting failed; trying again in a moment")]
    private static partial void LogActingFailed(ILogger logger, Exception error);
}
