using System.Diagnostics;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>A container that runs, started by us or adopted from an earlier life of the control plane.</summary>
internal sealed class ContainerProcess
{
    /// <summary>How long the kernel and the shim may take to do what needs no waiting.</summary>
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LivenessPeriod = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan KernelPause = TimeSpan.FromMilliseconds(20);

    private readonly TimeProvider time;
    private readonly CancellationToken leaving;
    private volatile bool killed;

    private ContainerProcess(ContainerAttempt attempt, AttemptIntent intent, TimeProvider time, CancellationToken leaving)
    {
        Attempt = attempt;
        Intent = intent;
        this.time = time;
        this.leaving = leaving;
        Exit = Task.FromResult(new AttemptExit(0, intent.StartedAt, null));
    }

    public ContainerAttempt Attempt { get; }

    public AttemptIntent Intent { get; }

    /// <summary>
    /// Completes when the container's main process has ended and nothing it left behind runs any more; cancelled when we leave before:
    /// from then on the attempt is another life's to look after.
    /// </summary>
    public Task<AttemptExit> Exit { get; private set; }

    /// <summary>The main process; null while it is being set up.</summary>
    public ProcessIdentity? Main => Attempt.ReadMain();

    public static ContainerProcess Started(ContainerAttempt attempt, AttemptIntent intent, Process shim, TimeProvider time, CancellationToken leaving)
    {
        var container = new ContainerProcess(attempt, intent, time, leaving);
        container.Exit = container.WaitAsync(shim);
        return container;
    }

    /// <summary>Takes over an attempt that a shim has claimed; it may have ended meanwhile.</summary>
    public static ContainerProcess Adopt(ContainerAttempt attempt, AttemptIntent intent, TimeProvider time, CancellationToken leaving)
    {
        var container = new ContainerProcess(attempt, intent, time, leaving);
        container.Exit = container.WaitAsync();
        return container;
    }

    /// <summary>SIGTERM to the main process only, as a container runtime does. The process may be a moment away from existing.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; Main is null && !Exit.IsCompleted && waited < Promptly; waited += KernelPause)
        {
            await Task.Delay(KernelPause, TimeProvider.System, cancellationToken);
        }

        Main?.Terminate();
    }

    /// <summary>SIGKILL to everything that belongs to the container; the shim stays to write the exit code down.</summary>
    public void Kill()
    {
        killed = true;
        _ = KillMembers();
        if (Attempt.ReadShim() is { IsAlive: true } shim && Main is null)
        {
            shim.Kill();
        }
    }

    private async Task<AttemptExit> WaitAsync(Process shim)
    {
        using (shim)
        {
            await shim.WaitForExitAsync(leaving);
        }

        return await CollectAsync();
    }

    private async Task<AttemptExit> WaitAsync()
    {
        // Not our child: its end shows as the file its shim writes; a shim that was killed shows only in the process table, and one that
        // was killed while it wrote its claim (or lost it with the machine's power) does not show at all.
        using var watcher = ExitWatcher.Watch(Attempt.Directory);
        var since = Stopwatch.GetTimestamp();
        while (Attempt.ReadExit() is null && (Attempt.ReadShim()?.IsAlive ?? Stopwatch.GetElapsedTime(since) < Promptly))
        {
            await watcher.WaitAsync(LivenessPeriod, leaving);
        }

        return await CollectAsync();
    }

    /// <summary>Signals take their time and what is killed may just have forked: looks until nothing is left.</summary>
    private async Task<AttemptExit> CollectAsync()
    {
        // Read before anything is killed: a shim that we do not know writes down the end we gave its container as if it were its own.
        var exit = Attempt.ReadExit();
        for (var waited = TimeSpan.Zero; KillMembers() > 0 && waited < Promptly; waited += KernelPause)
        {
            await Task.Delay(KernelPause, TimeProvider.System);
        }

        return exit ?? Attempt.RecordExit(137, time.GetUtcNow()) with { Lost = !killed };
    }

    /// <returns>How many there were.</returns>
    private int KillMembers()
    {
        var shim = Attempt.ReadShim();
        var members = ProcessTable.MembersOf(Main?.Id, Intent.Id).Where(member => member != shim).ToList();
        members.ForEach(member => member.Kill());
        return members.Count;
    }
}
