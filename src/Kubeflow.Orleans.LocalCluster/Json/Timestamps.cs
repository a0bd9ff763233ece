using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.ApiServer.Views;

namespace Kubeflow.Orleans.LocalCluster.Json;

/// <summary>Times as Kubernetes writes and prints them.</summary>
internal static class Timestamps
{
    /// <summary>RFC 3339, UTC, whole seconds.</summary>
    public static string Rfc3339(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 3339, UTC, microseconds: MicroTime.</summary>
    public static string MicroTime(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset? Time(this JsonElement element, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(element.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>How long ago, as kubectl prints ages: <c>95s</c>, <c>5m30s</c>, <c>3h20m</c>, <c>40d</c>.</summary>
    public static string Age(DateTimeOffset? since, DateTimeOffset now) => since is null ? "<unknown>" : HumanDuration.Of(now - since.Value);
}
