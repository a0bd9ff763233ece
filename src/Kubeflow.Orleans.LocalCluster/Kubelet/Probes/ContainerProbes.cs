namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Probes one attempt of a container for as long as it runs.</summary>
internal sealed class ContainerProbes(ContainerSpec container, ContainerProcess process, string podIp, ProbeRunner runner, TimeProvider time)
{
    /// <param name="failed">A single run failed (for the event).</param>
    /// <param name="decided">A probe's verdict is in or has changed.</param>
    public async Task RunAsync(Action<ProbeKind, string> failed, Action<ProbeKind, bool> decided, CancellationToken cancellationToken)
    {
        if (container.StartupProbe is { } startup && !await StartAsync(startup, failed, decided, cancellationToken))
        {
            return;
        }

        await Task.WhenAll(
            RepeatAsync(container.ReadinessProbe, ProbeKind.Readiness, failed, decided, cancellationToken),
            RepeatAsync(container.LivenessProbe, ProbeKind.Liveness, failed, decided, cancellationToken));
    }

    /// <summary>The startup probe gates the others and is over with its first verdict.</summary>
    private async Task<bool> StartAsync(ProbeSpec probe, Action<ProbeKind, string> failed, Action<ProbeKind, bool> decided, CancellationToken cancellationToken)
    {
        var started = false;
        await RepeatAsync(probe, ProbeKind.Startup, failed, (kind, verdict) =>
        {
            started = verdict;
            decided(kind, verdict);
        }, cancellationToken);
        return started;
    }

    private async Task RepeatAsync(ProbeSpec? probe, ProbeKind kind, Action<ProbeKind, string> failed, Action<ProbeKind, bool> decided, CancellationToken cancellationToken)
    {
        if (probe is null)
        {
            return;
        }

        await Task.Delay(probe.InitialDelay, time, cancellationToken);
        var tally = default(ProbeTally);
        bool? verdict = null;
        while (!process.Exit.IsCompleted)
        {
            var outcome = await runner.RunAsync(probe.Json, container, process, podIp, probe.Timeout, cancellationToken);
            if (!outcome.Success && !process.Exit.IsCompleted)
            {
                failed(kind, outcome.Message);
            }

            tally = tally.Observe(outcome.Success);
            if (tally.Verdict(probe) is { } next && next != verdict)
            {
                verdict = next;
                decided(kind, next);
                if (kind == ProbeKind.Startup || kind == ProbeKind.Liveness && !next)
                {
                    return;
                }
            }

            await Task.Delay(probe.Period, time, cancellationToken);
        }
    }
}
