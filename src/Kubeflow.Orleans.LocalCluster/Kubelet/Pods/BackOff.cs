using System.Globalization;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// How long to hold back the next attempt: the first retry comes at once, then 10 s, 20 s, 40 s ... up to 5 minutes, counted from
/// when the attempt ended; forgotten once an attempt has lasted 10 minutes.
/// </summary>
/// <param name="Delay">The wait the next failure meets.</param>
/// <param name="Since">When the delay was set.</param>
internal sealed record BackOff(TimeSpan Delay, DateTimeOffset Since)
{
    public static readonly TimeSpan Initial = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan Maximum = TimeSpan.FromMinutes(5);

    /// <summary>When the next attempt may start after one that ended at <paramref name="failedAt"/>.</summary>
    public static DateTimeOffset NotBefore(BackOff? backOff, DateTimeOffset failedAt) =>
        backOff is null || backOff.IsForgotten(failedAt) ? failedAt : failedAt + backOff.Delay;

    /// <summary>The state after another attempt was started at <paramref name="now"/>.</summary>
    public static BackOff Next(BackOff? backOff, DateTimeOffset now) => backOff is null || backOff.IsForgotten(now)
        ? new BackOff(Initial, now)
        : new BackOff(backOff.Delay * 2 < Maximum ? backOff.Delay * 2 : Maximum, now);

    private bool IsForgotten(DateTimeOffset at) => at - Since > 2 * Maximum;

    /// <summary>A duration as Go writes it: <c>10s</c>, <c>1m20s</c>.</summary>
    public static string Format(TimeSpan duration) => duration.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalSeconds}s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalMinutes}m{duration.Seconds}s");
}
