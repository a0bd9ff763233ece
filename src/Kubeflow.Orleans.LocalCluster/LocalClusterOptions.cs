namespace Kubeflow.Orleans.LocalCluster;

/// <summary>How the embedded cluster is set up.</summary>
public sealed class LocalClusterOptions
{
    /// <summary>Where pods, logs, volumes and the address book are kept.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>Run pods as processes of this host; without it only simulated nodes are there.</summary>
    public bool ProcessNode { get; set; } = true;

    /// <summary>The name of this host's node.</summary>
    public string NodeName { get; set; } = DefaultNodeName();

    /// <summary>How many simulated nodes are made at the start.</summary>
    public int SimulatedNodes { get; set; }

    /// <summary>How long a simulated pod runs unless its annotation says otherwise.</summary>
    public TimeSpan SimulatedDuration { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest a simulated pod takes to start.</summary>
    public TimeSpan SimulatedStart { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>End the pods' processes when the host stops; otherwise they are found again at the next start.</summary>
    public bool StopPodsOnShutdown { get; set; } = true;

    /// <summary>Extended resources this host's node offers, for example <c>nvidia.com/gpu</c>.</summary>
    public IDictionary<string, long> ExtendedResources { get; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>The certificate (PEM) pods trust the API server by.</summary>
    public string CertificateAuthority { get; set; } = "";

    /// <summary>How long events are kept.</summary>
    public TimeSpan EventLifetime { get; set; } = TimeSpan.FromHours(1);

    private static string DefaultNodeName()
    {
        var name = Environment.MachineName.ToLowerInvariant();
        return name.Length is > 0 and <= 63 && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.')
            ? name
            : "local";
    }
}
