namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>One thing to do with a container next.</summary>
internal abstract record ContainerAction(ContainerSpec Container)
{
    /// <summary>Start it, as attempt number <paramref name="Attempt"/>.</summary>
    public sealed record Start(ContainerSpec Container, int Attempt) : ContainerAction(Container);

    /// <summary>It failed and is held back until <paramref name="Until"/>.</summary>
    public sealed record HoldBack(ContainerSpec Container, DateTimeOffset Until, TimeSpan Delay) : ContainerAction(Container);

    public sealed record Stop(ContainerSpec Container, TimeSpan GracePeriod) : ContainerAction(Container);
}

/// <summary>What to do with a pod now.</summary>
/// <param name="NextWake">When to decide again although nothing happened.</param>
/// <param name="Finish">Nothing runs and nothing will: report the last state.</param>
internal sealed record PodDecision(IReadOnlyList<ContainerAction> Actions, DateTimeOffset? NextWake, bool Finish)
{
    public static PodDecision Wait { get; } = new([], null, false);
}

/// <summary>The pure core: which container is started, held back or stopped next. Asked again after everything that happens.</summary>
internal static class ContainerDecision
{
    public static PodDecision Decide(Pod pod, PodRecord record, DateTimeOffset now)
    {
        if (record.Finished)
        {
            return PodDecision.Wait;
        }

        if (record.Stop is { } stop)
        {
            return StopAll(pod, record, stop.GracePeriod);
        }

        return IsOver(pod, record) ? StopAll(pod, record, pod.TerminationGracePeriod) : Progress(pod, record, now);
    }

    /// <summary>Whether the container starts again after it ended as it did.</summary>
    public static bool Restarts(Pod pod, ContainerSpec spec, int exitCode) =>
        spec.IsSidecar || (exitCode != 0 || !spec.IsInit) && pod.RestartPolicy switch
        {
            "Never" => false,
            "OnFailure" => exitCode != 0,
            _ => true,
        };

    /// <summary>An init container failed for good, or every regular container has ended for good.</summary>
    public static bool IsOver(Pod pod, PodRecord record) =>
        pod.InitContainers.Any(spec => !spec.IsSidecar && record.Of(spec).Terminated is { ExitCode: not 0 } && pod.RestartPolicy == "Never")
        || pod.Containers.All(spec => record.Of(spec).Terminated is { } ended && !Restarts(pod, spec, ended.ExitCode));

    /// <summary>Regular containers all at once; sidecars after them, one by one, the last one first.</summary>
    private static PodDecision StopAll(Pod pod, PodRecord record, TimeSpan gracePeriod)
    {
        var regular = pod.AllContainers.Where(spec => !spec.IsSidecar && record.Of(spec).IsRunning).ToList();
        var candidates = regular.Count > 0 ? regular : [.. pod.InitContainers.Where(spec => record.Of(spec).IsRunning).TakeLast(1)];
        var stops = candidates.Where(spec => !record.Of(spec).Stopping).Select(spec => new ContainerAction.Stop(spec, gracePeriod));
        return new PodDecision([.. stops], null, Finish: candidates.Count == 0);
    }

    private static PodDecision Progress(Pod pod, PodRecord record, DateTimeOffset now)
    {
        if (!record.ReadyToStart)
        {
            return PodDecision.Wait with { NextWake = Deadline(pod, record) };
        }

        var actions = new List<ContainerAction>();
        var initialized = AddInitContainers(pod, record, now, actions);
        if (initialized)
        {
            actions.AddRange(pod.Containers.Select(spec => Next(pod, spec, record.Of(spec), now)).OfType<ContainerAction>());
        }

        var wakes = actions.OfType<ContainerAction.HoldBack>().Select(hold => (DateTimeOffset?)hold.Until).Append(Deadline(pod, record));
        return new PodDecision(actions, wakes.Min(), Finish: false);
    }

    /// <summary>Init containers in order, each waiting for the one before; true when none is left to wait for.</summary>
    private static bool AddInitContainers(Pod pod, PodRecord record, DateTimeOffset now, List<ContainerAction> actions)
    {
        // Once a regular container has been started, init containers never run again; only sidecars are kept alive.
        var initialized = pod.Containers.Any(spec => record.Of(spec) is { } container && (container.State is not ContainerState.Waiting || container.LastTerminated is not null));
        foreach (var spec in pod.InitContainers)
        {
            var container = record.Of(spec);
            if (!spec.IsSidecar && (initialized || container.Terminated is { ExitCode: 0 }))
            {
                continue;
            }

            if (Next(pod, spec, container, now) is { } action)
            {
                actions.Add(action);
            }

            if (!initialized && !(spec.IsSidecar && container.Started))
            {
                return false;
            }
        }

        return true;
    }

    private static ContainerAction? Next(Pod pod, ContainerSpec spec, ContainerRecord container, DateTimeOffset now)
    {
        if (container.State is ContainerState.Waiting)
        {
            return FirstOrRetry(spec, container, now);
        }

        if (container.Terminated is not { } ended || !Restarts(pod, spec, ended.ExitCode))
        {
            return null;
        }

        var notBefore = BackOff.NotBefore(container.BackOff, ended.FinishedAt);
        return notBefore > now
            ? new ContainerAction.HoldBack(spec, notBefore, container.BackOff!.Delay)
            : new ContainerAction.Start(spec, container.Attempt + 1);
    }

    /// <summary>A container that could not be created (image, configuration) is tried again by its own clock.</summary>
    private static ContainerAction FirstOrRetry(ContainerSpec spec, ContainerRecord container, DateTimeOffset now) =>
        container.RetryAt is { } retry && retry > now
            ? new ContainerAction.HoldBack(spec, retry, retry - now)
            : new ContainerAction.Start(spec, container.NextAttempt);

    private static DateTimeOffset? Deadline(Pod pod, PodRecord record) => pod.ActiveDeadline is { } limit ? record.StartTime + limit : null;
}
