using System.Globalization;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Times as Kubernetes writes them.</summary>
internal static class Timestamp
{
    /// <summary>RFC 3339 in whole seconds: the precision of status fields.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 3339 with nanosecond digits: the precision of log lines.</summary>
    public static string FormatNano(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
}
