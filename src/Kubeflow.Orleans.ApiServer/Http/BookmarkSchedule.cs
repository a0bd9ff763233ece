namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>When a watch sends bookmarks: at intervals, and once more just before its end, so that the client can resume from there.</summary>
internal sealed class BookmarkSchedule
{
    private static readonly TimeSpan BeforeEnd = TimeSpan.FromSeconds(2);

    private readonly TimeProvider time;
    private readonly TimeSpan interval;
    private readonly DateTimeOffset last;
    private DateTimeOffset next;

    public BookmarkSchedule(TimeSpan interval, TimeSpan lifetime, TimeProvider time)
    {
        this.time = time;
        this.interval = interval;
        var now = time.GetUtcNow();
        last = now + lifetime - BeforeEnd;
        next = Earlier(now + interval, now);
    }

    public bool IsDue => time.GetUtcNow() >= next;

    /// <summary>How long until one is due.</summary>
    public TimeSpan Wait => next - time.GetUtcNow() is { Ticks: > 0 } wait ? Shorter(wait, interval) : TimeSpan.Zero;

    public void Next()
    {
        var now = time.GetUtcNow();
        next = Earlier(now + interval, now);
    }

    /// <summary>The last one is never skipped; behind it comes nothing.</summary>
    private DateTimeOffset Earlier(DateTimeOffset regular, DateTimeOffset now) => now >= last ? DateTimeOffset.MaxValue : regular < last ? regular : last;

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
