using System.Globalization;

namespace Kubeflow.Orleans.ApiServer.Views;

/// <summary>Ages as kubectl shows them: two units while the second matters, one after that.</summary>
public static class HumanDuration
{
    public static string Of(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        var (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        return seconds switch
        {
            < -1 => "<invalid>",
            < 0 => "0s",
            < 120 => Text(seconds, "s"),
            < 600 => Text(minutes, "m", seconds % 60, "s"),
            < 3 * 3600 => Text(minutes, "m"),
            < 8 * 3600 => Text(hours, "h", minutes % 60, "m"),
            < 48 * 3600 => Text(hours, "h"),
            < 8 * 86400L => Text(days, "d", hours % 24, "h"),
            < 2 * 365 * 86400L => Text(days, "d"),
            < 8 * 365 * 86400L => Text(days / 365, "y", days % 365, "d"),
            _ => Text(days / 365, "y"),
        };
    }

    private static string Text(long value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");

    private static string Text(long value, string unit, long rest, string restUnit) => rest == 0 ? Text(value, unit) : Text(value, unit) + Text(rest, restUnit);
}
