using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Store.Feed;

/// <summary>
/// The one reader that tails the store for everybody in this process. It sorts what it reads into rings, one per resource and one for
/// all; subscribers are cursors into them and cost nothing while their resource is quiet. Before it is started, and whenever a ring
/// no longer reaches back far enough, subscribers read the log themselves.
/// </summary>
public sealed partial class ChangeFeed(IResourceStore store, TimeProvider timeProvider, ILogger<ChangeFeed> logger) : IChangeFeed, IHostedService, IAsyncDisposable
{
    private const int ReadLimit = 512;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>What nobody has added to for so long is not kept in memory: who comes for it later reads the log.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceTail> tails = new(StringComparer.Ordinal);
    private readonly ResourceTail everything = new(long.MaxValue);
    private readonly CancellationTokenSource stopping = new();
    private Task tailing = Task.CompletedTask;

    /// <summary>From here on the rings hold everything; nothing before the feed is started.</summary>
    private long origin = long.MaxValue;
    private long position;
    private long lastSweep;
    private bool disposed;

    /// <summary>Every change at or below it stands in the rings, or is too old for them.</summary>
    internal long Position => Volatile.Read(ref position);

    internal IResourceStore Store => store;

    internal TimeProvider TimeProvider => timeProvider;

    public IChangeSubscription Subscribe(string? resource, long after) => new ChangeSubscription(this, resource, after);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Restart(await store.HeadAsync(cancellationToken));
        tailing = Task.Run(() => TailAsync(stopping.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await tailing.WaitAsync(cancellationToken);
    }

    /// <summary>May be called again: a container that knows the feed by two names disposes of it twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
        {
            return;
        }

        await StopAsync(CancellationToken.None);
        stopping.Dispose();
    }

    internal ResourceTail TailOf(string? resource)
    {
        if (resource is null)
        {
            return everything;
        }

        lock (gate)
        {
            if (!tails.TryGetValue(resource, out var tail))
            {
                // Nothing of this resource was seen since the origin, or its tail would be here.
                tail = new ResourceTail(origin);
                tails.Add(resource, tail);
            }

            return tail;
        }
    }

    private async Task TailAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await PublishNextAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
            catch (PositionExpiredException expired)
            {
                LogOvertaken(logger, Position, expired.Floor);
                Restart(expired.Floor);
            }
            catch (Exception exception)
            {
                LogFailed(logger, exception, Position);
                await Task.Delay(PauseAfterFailure, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PublishNextAsync(CancellationToken cancellationToken)
    {
        ForgetQuietTails();
        var changes = await store.ReadLogAsync(Position, ReadLimit, cancellationToken);
        if (changes.Count == 0)
        {
            await WaitForChangeAsync(cancellationToken);
            return;
        }

        var now = timeProvider.GetTimestamp();
        everything.Append(changes, now);
        var changed = changes.GroupBy(change => change.Key.Resource, StringComparer.Ordinal).Select(group => (Tail: TailOf(group.Key), Changes: group)).ToList();
        changed.ForEach(each => each.Tail.Append(each.Changes, now));

        // Only now: whoever reads this position and then a ring finds everything up to it there.
        Volatile.Write(ref position, changes[^1].Position);
        changed.ForEach(each => each.Tail.Changed.Beat());
        everything.Changed.Beat();
    }

    /// <summary>Until the next change, or until the rings are to be swept.</summary>
    private async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = store.WaitForChangeAsync(Position, over.Token);
        await Task.WhenAny(changed, Task.Delay(SweepPeriod, timeProvider, over.Token));
        await over.CancelAsync();
        await changed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void ForgetQuietTails()
    {
        var now = timeProvider.GetTimestamp();
        if (timeProvider.GetElapsedTime(lastSweep, now) < SweepPeriod)
        {
            return;
        }

        lastSweep = now;
        lock (gate)
        {
            foreach (var tail in tails.Values.Append(everything).Where(tail => timeProvider.GetElapsedTime(tail.LastAppended, now) >= Quiet))
            {
                tail.Ring.Forget();
            }
        }
    }

    /// <summary>
    /// Begins anew at a position: the rings are emptied, and who is behind reads the log. The position follows last, or a reader would
    /// take what an old ring holds for everything up to it.
    /// </summary>
    private void Restart(long from)
    {
        List<ResourceTail> all;
        lock (gate)
        {
            origin = from;
            all = [.. tails.Values, everything];
            all.ForEach(tail => tail.Ring.Reset(from));
            Volatile.Write(ref position, from);
        }

        all.ForEach(tail => tail.Changed.Beat());
    }

    [LoggerMessage(LogLevel.Warning, "The log was trimmed up to {Floor} before it was read from {Position}; watchers that are behind start again.")]
    private static partial void LogOvertaken(ILogger logger, long position, long floor);

    [LoggerMessage(LogLevel.Error, "The log could not be read from {Position}; trying again.")]
    private static partial void LogFailed(ILogger logger, Exception exception, long position);
}
