using System.Collections.Concurrent;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Notices growing logs: notes when they grew, keeps them from growing for ever, wakes those who follow them.</summary>
internal sealed class LogObserver : IAsyncDisposable
{
    /// <summary>Growth within this time is noticed once: how exact line times are.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a follower waits at the most before it looks by itself, should the system have no watches left.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly KubeletOptions options;
    private readonly TimeProvider time;
    private readonly FileSystemWatcher? watcher;
    private readonly ConcurrentDictionary<string, byte> changed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> followers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> forgotten = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim signal = new(0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task noting;

    public LogObserver(string directory, KubeletOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        try
        {
            watcher = new FileSystemWatcher(directory, "*.log") { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size };
            watcher.Changed += (_, change) => Notice(change.FullPath);
            watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            watcher?.Dispose();
            watcher = null;
        }

        noting = NoteAsync(stopping.Token);
    }

    /// <summary>The log has changed, or its container has ended.</summary>
    public void Notice(string log)
    {
        if (changed.TryAdd(log, 0))
        {
            signal.Release();
        }
    }

    /// <summary>Returns when the log may have more to read.</summary>
    public async Task WaitAsync(string log, CancellationToken cancellationToken)
    {
        var source = followers.GetOrAdd(log, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await Task.WhenAny(source.Task, Task.Delay(Patience, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        watcher?.Dispose();
        await stopping.CancelAsync();
        await noting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
        signal.Dispose();
    }

    private async Task NoteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await signal.WaitAsync(cancellationToken);
            foreach (var log in changed.Keys)
            {
                changed.TryRemove(log, out _);
                Note(log);
                if (followers.TryRemove(log, out var source))
                {
                    source.TrySetResult();
                }
            }

            await Task.Delay(Resolution, time, cancellationToken);
        }
    }

    private void Note(string log)
    {
        var file = new FileInfo(log);
        if (!file.Exists)
        {
            forgotten.TryRemove(log, out _);
            return;
        }

        LogTimeIndex.Append(log, file.Length, time.GetUtcNow());
        var surplus = file.Length - options.MaximumLogBytes;
        if (surplus - forgotten.GetValueOrDefault(log) > options.MaximumLogBytes / 5)
        {
            SparseFile.Forget(log, surplus);
            forgotten[log] = surplus;
        }
    }
}
