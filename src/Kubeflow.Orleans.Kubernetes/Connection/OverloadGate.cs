using System.Net;

namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>Holds requests back while a cluster has asked for a pause, and bounds how many are under way at once.</summary>
internal sealed class OverloadGate(TimeProvider clock) : IDisposable
{
    private const int MostAtOnce = 64;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim slots = new(MostAtOnce);
    private long openAt = clock.GetTimestamp();

    /// <summary>Waits for the pause to end and for a slot; disposing the answer gives the slot back.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            await PauseAsync(cancellationToken);
            return new Slot(slots);
        }
        catch
        {
            slots.Release();
            throw;
        }
    }

    /// <summary>Waits for the pause to end.</summary>
    public async Task PauseAsync(CancellationToken cancellationToken)
    {
        while (clock.GetElapsedTime(clock.GetTimestamp(), Volatile.Read(ref openAt)) is { Ticks: > 0 } pause)
        {
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    /// <summary>Notes the pause an answer asks for.</summary>
    /// <returns>True when it asked for one: nothing was done, the same request may be sent again afterwards.</returns>
    public bool HoldsBack(HttpStatusCode code, TimeSpan? retryAfter)
    {
        if (code != HttpStatusCode.TooManyRequests || retryAfter is not { } asked)
        {
            return false;
        }

        var pause = asked < LongestPause ? asked : LongestPause;
        var until = clock.GetTimestamp() + (long)(pause.TotalSeconds * clock.TimestampFrequency);
        Volatile.Write(ref openAt, Math.Max(until, Volatile.Read(ref openAt)));
        return true;
    }

    public void Dispose() => slots.Dispose();

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
