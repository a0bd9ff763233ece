namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>How pods of one node run on this host.</summary>
public sealed record KubeletOptions
{
    public required string NodeName { get; init; }

    /// <summary>Everything of this node lives below it; nothing is written elsewhere on the host. One kubelet at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>SIGTERM all pods and report them Failed/Terminated when the kubelet stops; false leaves them running, to be adopted at the next start.</summary>
    public bool StopPodsOnShutdown { get; init; } = true;

    /// <summary>The longest grace period a pod gets when the kubelet stops.</summary>
    public TimeSpan ShutdownGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The cpu cores <c>resourceFieldRef: limits.cpu</c> means where a container sets no limit.</summary>
    public long AllocatableCpu { get; init; } = System.Environment.ProcessorCount;

    /// <summary>The bytes <c>resourceFieldRef: limits.memory</c> means where a container sets no limit.</summary>
    public long AllocatableMemory { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Log kept per container, in bytes; older output is given back to the file system.</summary>
    public long MaximumLogBytes { get; init; } = 50L << 20;

    /// <summary>How long missing or changed configMaps and secrets may take to reach a pod's files.</summary>
    public TimeSpan VolumeRefreshPeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Mints the token of a projected serviceAccountToken volume; null: such files are left out.</summary>
    public IServiceAccountTokens? ServiceAccountTokens { get; init; }
}

/// <summary>Gives pods an identity of their own towards the API server.</summary>
public interface IServiceAccountTokens
{
    ValueTask<string> IssueAsync(string @namespace, string serviceAccount, string podName, string podUid, CancellationToken cancellationToken);
}
