using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.Store.Retention;

/// <summary>How much of the log is kept for watchers that come back.</summary>
public sealed record LogRetentionOptions
{
    /// <summary>A watcher that was away no longer than this resumes without listing again.</summary>
    public TimeSpan Age { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>However young, no more changes than this are kept.</summary>
    public long MaximumChanges { get; init; } = 200_000;

    /// <summary>How often the log is trimmed.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Trims the log, so that what a finished object costs is its last document and not its history. Positions carry no time: it remembers
/// where the head stood at each round, and after a restart keeps everything for one full <see cref="LogRetentionOptions.Age"/> more.
/// </summary>
public sealed partial class LogRetention(IResourceStore store, LogRetentionOptions options, TimeProvider time, ILogger<LogRetention> logger) : BackgroundService
{
    private readonly Queue<(DateTimeOffset Time, long Head)> heads = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TrimSafelyAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>One round; the floor afterwards.</summary>
    public async Task<long> TrimAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var head = await store.HeadAsync(cancellationToken);
        heads.Enqueue((now, head));
        var floor = head - options.MaximumChanges;
        while (heads.TryPeek(out var oldest) && oldest.Time <= now - options.Age)
        {
            floor = Math.Max(floor, oldest.Head);
            heads.Dequeue();
        }

        return floor > await store.FloorAsync(cancellationToken) ? await store.TrimAsync(floor, cancellationToken) : await store.FloorAsync(cancellationToken);
    }

    private async Task TrimSafelyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TrimAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(logger, failure);
        }
    }

    [LoggerMessage(LogLevel.Error, "The log could not be trimmed; trying again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
