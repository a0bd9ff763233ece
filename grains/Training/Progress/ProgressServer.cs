namespace Kubeflow.Orleans.Grains.Training.Progress;

/// <summary>Where training code reports its progress to, and what it needs to be let in.</summary>
/// <param name="key">What tokens are derived from.</param>
/// <param name="authorityPem">The certificates by which the server is known; empty: the system's own.</param>
public sealed class ProgressServer(ReadOnlyMemory<byte> key, string authorityPem)
{
    /// <summary>How pods reach the API server. Null until it serves: pods started before then cannot report.</summary>
    public Uri? Address { get; set; }

    internal ReadOnlyMemory<byte> Key => key;

    internal string AuthorityPem => authorityPem;
}
