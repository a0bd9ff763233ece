using System.Globalization;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Times in front of log lines.</summary>
internal static class LogTimestamp
{
    /// <summary>RFC 3339 with nanosecond digits.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
}
