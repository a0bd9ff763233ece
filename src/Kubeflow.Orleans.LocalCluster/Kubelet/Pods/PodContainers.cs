using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The running processes of one pod, with everything that goes on around each in the background; findings go to the worker's mailbox.</summary>
internal sealed partial class PodContainers(KubeletServices services, Action<PodMessage> tell, CancellationToken cancellation)
{
    private readonly ContainerStopper stopper = new(services);
    private readonly Dictionary<string, ContainerProcess> running = new(StringComparer.Ordinal);

    public int Count => running.Count;

    public bool IsCurrent(ContainerProcess process) => running.ContainsValue(process);

    /// <summary>From now on its end, its probes and its hook are reported.</summary>
    public void Watch(Pod pod, ContainerSpec container, ContainerProcess process, string podIp)
    {
        running[container.Name] = process;
        Background(pod, container, async ended =>
        {
            var probes = new ContainerProbes(container, process, podIp, services.Probes, services.Time).RunAsync(
                (kind, message) => services.Record(pod, container.FieldPath, "Warning", "Unhealthy", $"{kind} probe failed: {message}"),
                (kind, verdict) => tell(new PodMessage.Probed(process, container, kind, verdict)),
                ended.Token);
            var exit = await process.Exit.WaitAsync(cancellation);
            await ended.CancelAsync();
            tell(new PodMessage.Exited(process, container, exit));
            await probes;
        });
        if (container.PostStart.ValueKind == System.Text.Json.JsonValueKind.Object)
        {
            Background(pod, container, _ => RunStartHookAsync(pod, container, process, podIp));
        }
    }

    /// <returns>False when it is not (any more) the container's current process.</returns>
    public bool Forget(ContainerProcess process) =>
        running.FirstOrDefault(entry => entry.Value == process) is { Key: { } name } && running.Remove(name);

    public void Stop(Pod pod, ContainerSpec container, string podIp, TimeSpan gracePeriod, string message)
    {
        if (running.TryGetValue(container.Name, out var process))
        {
            Background(pod, container, _ => stopper.StopAsync(pod, container, process, podIp, gracePeriod, message, cancellation));
        }
    }

    /// <summary>The grace period has become shorter for all.</summary>
    public void Hasten(TimeSpan gracePeriod)
    {
        foreach (var process in running.Values)
        {
            _ = stopper.KillAfterAsync(process, gracePeriod, cancellation);
        }
    }

    /// <summary>At once and for good.</summary>
    public async Task KillAllAsync()
    {
        foreach (var process in running.Values)
        {
            process.Kill();
        }

        await Task.WhenAll(running.Values.Select(process => process.Exit)).WaitAsync(cancellation);
    }

    private async Task RunStartHookAsync(Pod pod, ContainerSpec container, ContainerProcess process, string podIp)
    {
        var outcome = await services.Probes.RunAsync(container.PostStart, container, process, podIp, pod.TerminationGracePeriod, cancellation);
        if (!outcome.Success && !process.Exit.IsCompleted)
        {
            services.Record(pod, container.FieldPath, "Warning", "FailedPostStartHook", $"PostStartHook failed: {outcome.Message}");
            tell(new PodMessage.StartHookFailed(process, container));
        }
    }

    /// <summary>Runs beside the worker until it is done or the kubelet stops; what goes wrong is logged, never lost.</summary>
    private void Background(Pod pod, ContainerSpec container, Func<CancellationTokenSource, Task> work) => _ = RunAsync(pod, container, work);

    private async Task RunAsync(Pod pod, ContainerSpec container, Func<CancellationTokenSource, Task> work)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await work(ended);
        }
        catch (OperationCanceledException)
        {
            // The container has ended or the kubelet stops: what was waited for does not matter any more.
        }
        catch (Exception problem)
        {
            LogBackgroundFailed(services.Logger, pod.Namespace, pod.Name, pod.Uid, container.Name, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Pod {Namespace}/{Name} {Uid}: watching container {Container} failed")]
    private static partial void LogBackgroundFailed(ILogger logger, string @namespace, string name, string uid, string container, Exception problem);
}
