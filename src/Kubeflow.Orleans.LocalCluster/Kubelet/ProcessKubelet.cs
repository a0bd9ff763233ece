using System.Collections.Concurrent;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// The node agent of the embedded cluster: runs the pods bound to its node as processes of this host and reports what becomes of
/// them. Containers outlive it; a new start finds them again.
/// </summary>
public sealed partial class ProcessKubelet : IAsyncDisposable
{
    /// <summary>What ending takes beyond the grace period: signals, last status writes.</summary>
    private static readonly TimeSpan EndingSlack = TimeSpan.FromSeconds(10);

    private readonly KubeletOptions options;
    private readonly KubeletDirectory directory;
    private readonly KubeletServices services;
    private readonly ILogger logger;
    private readonly ConcurrentDictionary<string, (PodWorker Worker, Task Running)> workers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource watching = new();
    private readonly CancellationTokenSource stopping = new();
    private Task following = Task.CompletedTask;
    private bool disposed;

    /// <param name="network">Started already.</param>
    public ProcessKubelet(KubeletOptions options, IKubeletApi api, ClusterNetwork network, TimeProvider time, ILogger<ProcessKubelet> logger)
    {
        this.options = options;
        this.logger = logger;
        directory = new KubeletDirectory(options.DataDirectory);
        directory.Create();
        var runtime = new ProcessRuntime(directory, network.Isolation, time, stopping.Token);
        services = new KubeletServices
        {
            Options = options,
            Api = api,
            Network = network,
            Directory = directory,
            Runtime = runtime,
            Volumes = new PodVolumes(api, options, time),
            Planner = new LaunchPlanner(new ContainerEnvironment(api, network, options), network),
            Probes = new ProbeRunner(runtime),
            Logs = new LogObserver(directory.Logs, options, time),
            Time = time,
            Logger = logger,
        };
        Logs = new PodLogs(directory, FindWorker, services.Logs, time);
    }

    public PodLogs Logs { get; }

    /// <summary>Returns when every pod of the node has been taken over and whatever has no pod any more is gone.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Pods as processes need a POSIX system; on Windows use WSL or a real cluster.");
        }

        services.Runtime.Install();
        var listed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        following = FollowAsync(listed, watching.Token);
        await (await Task.WhenAny(listed.Task, following)).WaitAsync(cancellationToken);
    }

    /// <summary>Ends the pods with <see cref="KubeletOptions.StopPodsOnShutdown"/>, else leaves them running for the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // First nobody is taken in any more: a pod that came after the others were told would be left running.
        await watching.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (options.StopPodsOnShutdown)
        {
            foreach (var (worker, _) in workers.Values)
            {
                worker.Tell(new PodMessage.ShutDown());
            }

            var ended = Task.WhenAll(workers.Values.Select(entry => entry.Running));
            await Task.WhenAny(ended, Task.Delay(options.ShutdownGracePeriod + EndingSlack, services.Time, cancellationToken));
        }

        await stopping.CancelAsync();
        await Task.WhenAll(workers.Values.Select(entry => entry.Running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
        {
            return;
        }

        await watching.CancelAsync();
        await stopping.CancelAsync();
        await services.Logs.DisposeAsync();
        services.Probes.Dispose();
        watching.Dispose();
        stopping.Dispose();
    }

    private PodWorker? FindWorker(string @namespace, string name) =>
        workers.Values.Select(entry => entry.Worker).FirstOrDefault(worker => worker.Pod.Namespace == @namespace && worker.Pod.Name == name);

    private async Task FollowAsync(TaskCompletionSource listed, CancellationToken cancellationToken)
    {
        await foreach (var change in services.Api.WatchAsync("pods", cancellationToken))
        {
            switch (change)
            {
                case ObjectChange.Listed list:
                    var mine = list.Objects.Where(IsMine).ToList();
                    await RemoveOrphansAsync([.. mine.Select(pod => pod.Metadata.Uid)], cancellationToken);
                    mine.ForEach(Update);
                    listed.TrySetResult();
                    break;
                case ObjectChange.Changed changed when IsMine(changed.Object):
                    Update(changed.Object);
                    break;
                case ObjectChange.Removed removed when workers.TryGetValue(removed.Last.Metadata.Uid, out var entry):
                    entry.Worker.Tell(new PodMessage.Gone());
                    break;
            }
        }
    }

    private bool IsMine(Core.Resources.Document pod) => pod.Root.At("spec").Text("nodeName") == options.NodeName;

    private void Update(Core.Resources.Document document)
    {
        var pod = Pod.Read(document);
        if (workers.TryGetValue(pod.Uid, out var entry))
        {
            entry.Worker.Tell(new PodMessage.Updated(pod));
        }
        else
        {
            var worker = new PodWorker(services, pod, stopping.Token);
            workers[pod.Uid] = (worker, RunAsync(worker));
        }
    }

    private async Task RunAsync(PodWorker worker)
    {
        // Off the watch's own flow: a pod's first step must not hold up the next pod.
        await Task.Yield();
        try
        {
            await worker.RunAsync();
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception problem)
        {
            LogWorkerFailed(logger, worker.Pod.Namespace, worker.Pod.Name, worker.Pod.Uid, problem);
        }

        workers.TryRemove(worker.Pod.Uid, out _);
    }

    /// <summary>Pods that were here and are not in the API any more: their processes and directories go.</summary>
    private async Task RemoveOrphansAsync(HashSet<string> known, CancellationToken cancellationToken)
    {
        foreach (var (uid, (worker, _)) in workers.Where(entry => !known.Contains(entry.Key)))
        {
            worker.Tell(new PodMessage.Gone());
        }

        foreach (var uid in directory.KnownPods().Where(uid => !known.Contains(uid) && !workers.ContainsKey(uid)))
        {
            try
            {
                await RemoveOrphanAsync(directory.Pod(uid), cancellationToken);
                LogOrphan(logger, uid);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                // What one pod left behind must not keep the node from running the others; the next start tries again.
                LogOrphanStays(logger, uid, problem);
            }
        }
    }

    private async Task RemoveOrphanAsync(PodDirectory pod, CancellationToken cancellationToken)
    {
        foreach (var attempt in pod.KnownContainers().SelectMany(pod.Attempts))
        {
            if (attempt.ReadIntent() is { } intent && services.Runtime.Find(attempt, intent) is { } process)
            {
                process.Kill();
                await process.Exit.WaitAsync(cancellationToken);
            }
        }

        if (pod.Recall() is { } document)
        {
            services.Network.Release(Pod.Read(document));
        }

        pod.Delete();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Pod {Uid} is gone from the API: its processes and files are removed")]
    private static partial void LogOrphan(ILogger logger, string uid);

    [LoggerMessage(Level = LogLevel.Error, Message = "Pod {Uid} is gone from the API, but what it left behind cannot be removed")]
    private static partial void LogOrphanStays(ILogger logger, string uid, Exception problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Pod {Namespace}/{Name} {Uid}: its worker ended unexpectedly")]
    private static partial void LogWorkerFailed(ILogger logger, string @namespace, string name, string uid, Exception problem);
}
