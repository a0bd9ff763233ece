namespace Kubeflow.Orleans.Kubernetes.Connection;

/// <summary>
/// Whether a cluster answers, told by the calls that are made anyway. One lost call is daily business; a cluster of which nothing was
/// heard for a while, although it was asked, is unreachable until it answers again.
/// </summary>
public sealed class ClusterHealth(TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock guard = new();
    private long? failingSince;
    private volatile string? trouble;

    /// <summary>Why it is unreachable; null while it is not.</summary>
    public string? Trouble => trouble;

    /// <summary>Raised when <see cref="Trouble"/> came or went.</summary>
    internal event Action? Changed;

    internal void Answered()
    {
        lock (guard)
        {
            failingSince = null;
            if (trouble is null)
            {
                return;
            }

            trouble = null;
        }

        Changed?.Invoke();
    }

    internal void Failed(string failure)
    {
        lock (guard)
        {
            failingSince ??= clock.GetTimestamp();
            if (trouble is not null || clock.GetElapsedTime(failingSince.Value) < Patience)
            {
                return;
            }

            trouble = failure;
        }

        Changed?.Invoke();
    }
}
