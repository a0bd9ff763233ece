namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Wakes when a file appears in a directory; where the system has no watches left, the caller's period alone must do.</summary>
internal sealed class ExitWatcher : IDisposable
{
    private readonly SemaphoreSlim changed = new(0);
    private readonly FileSystemWatcher? watcher;

    private ExitWatcher(string directory)
    {
        try
        {
            watcher = new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName };
            watcher.Created += (_, _) => changed.Release();
            watcher.Renamed += (_, _) => changed.Release();
            watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            watcher?.Dispose();
            watcher = null;
        }
    }

    public static ExitWatcher Watch(string directory) => new(directory);

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => changed.WaitAsync(atMost, cancellationToken);

    public void Dispose()
    {
        watcher?.Dispose();
        changed.Dispose();
    }
}
