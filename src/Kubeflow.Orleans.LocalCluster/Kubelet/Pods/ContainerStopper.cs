using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Ends a container gently: hook, SIGTERM, patience, SIGKILL. All of it within the grace period.</summary>
internal sealed partial class ContainerStopper(KubeletServices services)
{
    /// <summary>The least a container gets between SIGTERM and SIGKILL, however long its hook took.</summary>
    private static readonly TimeSpan MinimumGrace = TimeSpan.FromSeconds(2);

    public async Task StopAsync(Pod pod, ContainerSpec container, ContainerProcess process, string podIp, TimeSpan gracePeriod, string message, CancellationToken cancellationToken)
    {
        var deadline = services.Time.GetUtcNow() + gracePeriod;
        services.Record(pod, container.FieldPath, "Normal", "Killing", message);
        try
        {
            if (container.PreStop.ValueKind == JsonValueKind.Object && gracePeriod > TimeSpan.Zero)
            {
                await RunHookAsync(pod, container, process, podIp, gracePeriod, cancellationToken);
            }

            await process.TerminateAsync(cancellationToken);
            var left = deadline - services.Time.GetUtcNow();
            await WaitAsync(process, left > MinimumGrace ? left : MinimumGrace, cancellationToken);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            LogStopFailed(services.Logger, pod.Namespace, pod.Name, pod.Uid, container.Name, problem);
        }

        process.Kill();
    }

    /// <summary>Sends SIGKILL no later than this, whatever an earlier stop has promised.</summary>
    public async Task KillAfterAsync(ContainerProcess process, TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        await WaitAsync(process, gracePeriod > MinimumGrace ? gracePeriod : MinimumGrace, cancellationToken);
        process.Kill();
    }

    private async Task RunHookAsync(Pod pod, ContainerSpec container, ContainerProcess process, string podIp, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (container.PreStop.At("sleep").Integer("seconds") is { } seconds)
        {
            var pause = TimeSpan.FromSeconds(seconds);
            await WaitAsync(process, pause < limit ? pause : limit, cancellationToken);
            return;
        }

        var outcome = await services.Probes.RunAsync(container.PreStop, container, process, podIp, limit, cancellationToken);
        if (!outcome.Success)
        {
            services.Record(pod, container.FieldPath, "Warning", "FailedPreStopHook", $"PreStopHook failed: {outcome.Message}");
        }
    }

    private Task WaitAsync(ContainerProcess process, TimeSpan atMost, CancellationToken cancellationToken) =>
        Task.WhenAny(process.Exit, Task.Delay(atMost, services.Time, cancellationToken));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pod {Namespace}/{Name} {Uid}: container {Container} was not stopped gently")]
    private static partial void LogStopFailed(ILogger logger, string @namespace, string name, string uid, string container, Exception problem);
}
