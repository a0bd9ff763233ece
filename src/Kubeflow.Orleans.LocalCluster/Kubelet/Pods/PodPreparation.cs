namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What a pod needs before its first container: an address and its volumes; later again, to bring changed configuration to its files.</summary>
internal sealed class PodPreparation(KubeletServices services)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(2);

    private TimeSpan retry = FirstRetry;

    /// <summary>Empty until assigned.</summary>
    public string Address { get; set; } = "";

    /// <summary>Volume name to path on the host.</summary>
    public IReadOnlyDictionary<string, string> Volumes { get; private set; } = new Dictionary<string, string>();

    /// <summary>When to run again; null before the first time.</summary>
    public DateTimeOffset? Due { get; private set; }

    public bool IsDue => Due is null || Due <= services.Time.GetUtcNow();

    /// <returns>Whether everything is in place; if not, an event has said why.</returns>
    public async Task<bool> RunAsync(Pod pod, PodRecord record, CancellationToken cancellationToken)
    {
        var directory = services.Directory.Pod(pod.Uid);
        if (Address.Length == 0)
        {
            Address = services.Network.Assign(pod, directory.ReadAddress());
            directory.Remember(pod.Document, Address);
        }

        try
        {
            Volumes = await services.Volumes.SetUpAsync(pod, record with { PodIp = Address }, directory, cancellationToken);
        }
        catch (VolumeException problem)
        {
            services.Record(pod, "", "Warning", "FailedMount", problem.Message);
            Postpone(retry);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            return false;
        }

        Postpone(services.Options.VolumeRefreshPeriod);
        retry = FirstRetry;
        return true;
    }

    /// <summary>Not again before this has passed.</summary>
    public void Postpone(TimeSpan delay) => Due = services.Time.GetUtcNow() + delay;
}
