using System.Threading.Channels;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// Looks after one pod: reads its mailbox, asks <see cref="ContainerDecision"/> what to do, does it, writes the status, waits. One
/// message at a time, so its state needs no locks; it ends when nothing of the pod is left to look after.
/// </summary>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private readonly KubeletServices services;
    private readonly ContainerStarter starter;
    private readonly PodContainers containers;
    private readonly PodPreparation preparation;
    private readonly Channel<PodMessage> mailbox = Channel.CreateUnbounded<PodMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationToken cancellation;
    private TimeSpan retry = FirstRetry;
    private string written = "";
    private bool shuttingDown;
    private bool gone;

    public PodWorker(KubeletServices services, Pod pod, CancellationToken cancellationToken)
    {
        this.services = services;
        cancellation = cancellationToken;
        starter = new ContainerStarter(services);
        preparation = new PodPreparation(services);
        containers = new PodContainers(services, message => mailbox.Writer.TryWrite(message), cancellationToken);
        Pod = pod;
        Record = PodRecord.New(pod, pod.Status.Time("startTime") ?? services.Time.GetUtcNow());
    }

    public Pod Pod { get; private set; }

    public PodRecord Record { get; private set; }

    public void Tell(PodMessage message) => mailbox.Writer.TryWrite(message);

    /// <summary>Runs until the pod is gone, or finished and the kubelet is shutting down.</summary>
    public async Task RunAsync()
    {
        Admit();
        while (!gone && !(shuttingDown && Record.Finished))
        {
            DateTimeOffset? wake;
            try
            {
                wake = await StepAsync();
                retry = FirstRetry;
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                // One pod's trouble is its own; what failed is tried again, ever more slowly.
                LogStepFailed(services.Logger, Pod.Namespace, Pod.Name, Pod.Uid, problem);
                wake = services.Time.GetUtcNow() + retry;
                preparation.Postpone(retry);
                retry = retry * 2 < BackOff.Maximum ? retry * 2 : BackOff.Maximum;
            }

            if (!gone && !(shuttingDown && Record.Finished))
            {
                await WaitAsync(wake);
            }
        }

        if (gone)
        {
            await containers.KillAllAsync();
            services.Network.Release(Pod);
            services.Directory.Pod(Pod.Uid).Delete();
        }
    }

    private void Admit()
    {
        if (Pod.IsTerminal)
        {
            Record = Record with { Finished = true };
            return;
        }

        var (record, processes) = new PodAdoption(services).Adopt(Pod, Record);
        Record = record;
        preparation.Address = record.PodIp;
        foreach (var (container, process) in processes)
        {
            LogAdopted(services.Logger, Pod.Namespace, Pod.Name, Pod.Uid, container.Name);
            containers.Watch(Pod, container, process, Record.PodIp);
        }
    }

    private async Task WaitAsync(DateTimeOffset? wake)
    {
        if (wake is { } next)
        {
            var due = next - services.Time.GetUtcNow();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var pause = Task.Delay(due <= TimeSpan.Zero ? TimeSpan.Zero : due < LongestWait ? due : LongestWait, services.Time, limit.Token);
            await Task.WhenAny(mailbox.Reader.WaitToReadAsync(limit.Token).AsTask(), pause);
            await limit.CancelAsync();
        }
        else
        {
            await mailbox.Reader.WaitToReadAsync(cancellation);
        }

        cancellation.ThrowIfCancellationRequested();
        while (mailbox.Reader.TryRead(out var message))
        {
            await ApplyAsync(message);
        }
    }

    private async Task ApplyAsync(PodMessage message)
    {
        switch (message)
        {
            case PodMessage.Updated updated when updated.Pod.Document.Metadata.ResourceVersion > Pod.Document.Metadata.ResourceVersion:
                Pod = updated.Pod;
                break;
            case PodMessage.Gone:
                gone = true;
                break;
            case PodMessage.Exited exited when containers.Forget(exited.Process):
                await ApplyAsync(exited);
                break;
            case PodMessage.Probed probed when containers.IsCurrent(probed.Process):
                Apply(probed);
                break;
            case PodMessage.StartHookFailed failed when containers.IsCurrent(failed.Process):
                StopOne(failed.Container, Pod.TerminationGracePeriod, $"FailedPostStartHook: container {failed.Container.Name} will be ended");
                break;
            case PodMessage.ShutDown:
                shuttingDown = true;
                if (!Record.Finished && Record.Stop is null)
                {
                    var grace = Pod.TerminationGracePeriod < services.Options.ShutdownGracePeriod ? Pod.TerminationGracePeriod : services.Options.ShutdownGracePeriod;
                    Record = Record with { Stop = PodStop.NodeShutdown(grace) };
                }

                break;
        }
    }

    private async Task ApplyAsync(PodMessage.Exited exited)
    {
        var before = Record.Of(exited.Container);
        var startedAt = exited.Exit.StartError is null && before.State is ContainerState.Running running ? running.StartedAt : DateTimeOffset.UnixEpoch;
        var message = exited.Exit.StartError ?? TerminationMessage.Read(exited.Container, exited.Process.Attempt, exited.Exit.Code);
        var ended = new ContainerState.Terminated(exited.Exit.Code, exited.Exit.Reason, message, startedAt, exited.Exit.FinishedAt, exited.Process.Intent.ContainerId);
        Record = Record.With(before with { State = ended, Started = false, ProbedReady = false, Stopping = false, EndedByUs = before.Stopping });
        services.Logs.Notice(exited.Process.Attempt.Log);
        LogExited(services.Logger, Pod.Namespace, Pod.Name, Pod.Uid, exited.Container.Name, ended.ExitCode);
        var lastSidecar = before.Stopping && containers.Count == 0 && Record.Stop is null && ContainerDecision.IsOver(Pod, Record);
        if (lastSidecar)
        {
            Record = Record with { ReadyToStart = false };
        }

        // A container we stop ourselves shows its next state only; one that ended by itself shows that it did.
        if (!before.Stopping || lastSidecar)
        {
            await WriteStatusAsync();
        }
    }

    private void Apply(PodMessage.Probed probed)
    {
        var container = Record.Of(probed.Container);
        switch (probed.Kind)
        {
            case ProbeKind.Readiness:
                Record = Record.With(container with { ProbedReady = probed.Verdict });
                break;
            case ProbeKind.Startup when probed.Verdict:
                Record = Record.With(container with { Started = true });
                break;
            case ProbeKind.Startup or ProbeKind.Liveness when !probed.Verdict && !container.Stopping:
                var probe = probed.Kind == ProbeKind.Startup ? probed.Container.StartupProbe : probed.Container.LivenessProbe;
                StopOne(probed.Container, probe?.TerminationGracePeriod ?? Pod.TerminationGracePeriod,
                    $"Container {probed.Container.Name} failed {(probed.Kind == ProbeKind.Startup ? "startup" : "liveness")} probe, will be restarted");
                break;
        }
    }

    /// <returns>When to look again although nothing happens.</returns>
    private async Task<DateTimeOffset?> StepAsync()
    {
        if (gone || Record.Finished)
        {
            return await EndAsync();
        }

        await NoticeEndAsync();
        var lasts = Record.Stop is null && !ContainerDecision.IsOver(Pod, Record);
        if (lasts)
        {
            await PrepareAsync();
        }

        var decision = ContainerDecision.Decide(Pod, Record, services.Time.GetUtcNow());
        foreach (var action in decision.Actions)
        {
            await ActAsync(action);
        }

        if (decision.Finish)
        {
            Record = Record with { Finished = true, ReadyToStart = false };
        }

        await WriteStatusAsync();
        if (decision.Finish)
        {
            return await EndAsync();
        }

        // What was started may have left more to decide at once: a container that could not be started ends or waits by its own clock.
        return decision.Actions.Any(action => action is ContainerAction.Start && Record.Of(action.Container).State is not ContainerState.Running)
            ? services.Time.GetUtcNow()
            : new[] { decision.NextWake, lasts ? preparation.Due : null }.Min();
    }

    /// <summary>Whether the pod as a whole has to end, for a reason of its own.</summary>
    private async Task NoticeEndAsync()
    {
        var grace = TimeSpan.FromSeconds(Pod.DeletionGracePeriodSeconds ?? 0);
        if (Pod.IsDeleted && Record.Stop is null)
        {
            Record = Record with { Stop = PodStop.Deleted(grace) };
            await WriteStatusAsync();
        }
        else if (Pod.IsDeleted && Record.Stop is { } stop && grace < stop.GracePeriod)
        {
            Record = Record with { Stop = stop with { GracePeriod = grace } };
            containers.Hasten(grace);
        }
        else if (Record.Stop is null && Pod.ActiveDeadline is { } limit && services.Time.GetUtcNow() >= Record.StartTime + limit)
        {
            Record = Record with { Stop = PodStop.DeadlineExceeded(Pod.TerminationGracePeriod) };
            services.Record(Pod, "", "Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
        }
    }

    private async Task PrepareAsync()
    {
        if (Record.ReadyToStart && !preparation.IsDue)
        {
            return;
        }

        await WriteStatusAsync();
        if (await preparation.RunAsync(Pod, Record, cancellation) && !Record.ReadyToStart)
        {
            Record = Record with { ReadyToStart = true };
            await WriteStatusAsync();
        }
    }

    private async Task ActAsync(ContainerAction action)
    {
        switch (action)
        {
            case ContainerAction.Start start:
                Record = Record with { PodIp = preparation.Address };
                var (record, process) = await starter.StartAsync(Pod, Record, start.Container, start.Attempt, preparation.Volumes, cancellation);
                Record = Record.With(record);
                if (process is not null)
                {
                    LogStarted(services.Logger, Pod.Namespace, Pod.Name, Pod.Uid, start.Container.Name, start.Attempt);
                    containers.Watch(Pod, start.Container, process, Record.PodIp);
                }

                break;
            case ContainerAction.HoldBack hold when Record.Of(hold.Container).Terminated is { } ended:
                var message = $"back-off {BackOff.Format(hold.Delay)} restarting failed container={hold.Container.Name} pod={Pod.Name}_{Pod.Namespace}({Pod.Uid})";
                Record = Record.With(Record.Of(hold.Container) with { State = new ContainerState.Waiting("CrashLoopBackOff", message), LastTerminated = ended, RetryAt = hold.Until });
                services.Record(Pod, hold.Container.FieldPath, "Warning", "BackOff", $"Back-off restarting failed container {hold.Container.Name} in pod {Pod.Name}_{Pod.Namespace}({Pod.Uid})");
                break;
            case ContainerAction.Stop stop:
                StopOne(stop.Container, stop.GracePeriod, $"Stopping container {stop.Container.Name}");
                break;
        }
    }

    private void StopOne(ContainerSpec container, TimeSpan gracePeriod, string message)
    {
        Record = Record.With(Record.Of(container) with { Stopping = true });
        containers.Stop(Pod, container, Record.PodIp, gracePeriod, message);
    }

    /// <summary>The last thing of a pod that was deleted: taking its document away. The answer comes as <see cref="PodMessage.Gone"/>.</summary>
    private async Task<DateTimeOffset?> EndAsync()
    {
        if (!gone && Pod.IsDeleted)
        {
            await services.Api.RemovePodAsync(Pod.Key, Pod.Uid, cancellation);
        }

        return null;
    }

    private async Task WriteStatusAsync()
    {
        var status = PodStatusCalculator.Calculate(Pod, Record, services.Time.GetUtcNow());
        var text = status.ToJsonString();
        if (text == written)
        {
            return;
        }

        if (await services.Api.WriteStatusAsync(Pod.Key, Pod.Uid, status, PodStatusCalculator.OwnedFields, cancellation) is not { } document)
        {
            gone = true;
            return;
        }

        written = text;
        if (document.Metadata.ResourceVersion > Pod.Document.Metadata.ResourceVersion)
        {
            Pod = Pod.Read(document);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Pod {Namespace}/{Name} {Uid}: container {Container} started, attempt {Attempt}")]
    private static partial void LogStarted(ILogger logger, string @namespace, string name, string uid, string container, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Pod {Namespace}/{Name} {Uid}: container {Container} ended with exit code {ExitCode}")]
    private static partial void LogExited(ILogger logger, string @namespace, string name, string uid, string container, int exitCode);

    [LoggerMessage(Level = LogLevel.Information, Message = "Pod {Namespace}/{Name} {Uid}: container {Container} found again")]
    private static partial void LogAdopted(ILogger logger, string @namespace, string name, string uid, string container);

    [LoggerMessage(Level = LogLevel.Error, Message = "Pod {Namespace}/{Name} {Uid}: a step failed and will be tried again")]
    private static partial void LogStepFailed(ILogger logger, string @namespace, string name, string uid, Exception problem);
}
