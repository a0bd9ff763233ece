namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Starts one attempt of a container, or says in its record why it cannot be started.</summary>
internal sealed class ContainerStarter(KubeletServices services)
{
    /// <summary>How long until a container whose configuration was incomplete is tried again.</summary>
    private static readonly TimeSpan ConfigurationRetry = TimeSpan.FromSeconds(10);

    public async Task<(ContainerRecord Record, ContainerProcess? Process)> StartAsync(
        Pod pod, PodRecord all, ContainerSpec container, int number, IReadOnlyDictionary<string, string> volumes, CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        var record = all.Of(container);
        if (!ImageRules.CanRun(container))
        {
            return (FailImage(pod, container, record, now), null);
        }

        Tell(pod, container, "Normal", "Pulled", $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod");
        var directory = services.Directory.Pod(pod.Uid);
        var attempt = directory.NewAttempt(container.Name, number);
        try
        {
            var launch = await services.Planner.PlanAsync(pod, all, container, directory, volumes, attempt, cancellationToken);
            return Run(pod, container, record, attempt, launch);
        }
        catch (ContainerConfigException problem)
        {
            Tell(pod, container, "Warning", "Failed", $"Error: {problem.Message}");
            return (record with { State = new ContainerState.Waiting("CreateContainerConfigError", problem.Message), RetryAt = now + ConfigurationRetry }, null);
        }
        catch (Exception problem) when (problem is StartException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return (FailStart(pod, container, record, attempt, problem.Message), null);
        }
    }

    private (ContainerRecord, ContainerProcess) Run(Pod pod, ContainerSpec container, ContainerRecord record, ContainerAttempt attempt, ContainerLaunch launch)
    {
        var now = services.Time.GetUtcNow();
        var intent = attempt.Begin(now);
        Tell(pod, container, "Normal", "Created", "Container created");
        var process = services.Runtime.Start(attempt, intent, launch);
        Tell(pod, container, "Normal", "Started", "Container started");
        services.Directory.Pod(pod.Uid).ForgetOldAttempts(container.Name, attempt.Number);
        return (Begun(record, attempt.Number, now) with
        {
            State = new ContainerState.Running(now),
            ContainerId = intent.ContainerId,
            Started = container.StartupProbe is null,
            ProbedReady = container.ReadinessProbe is null,
        }, process);
    }

    private ContainerRecord FailStart(Pod pod, ContainerSpec container, ContainerRecord record, ContainerAttempt attempt, string problem)
    {
        var now = services.Time.GetUtcNow();
        var message = $"failed to create containerd task: failed to create shim task: {problem}";
        var intent = attempt.ReadIntent() ?? attempt.Begin(now);
        Tell(pod, container, "Normal", "Created", "Container created");
        attempt.FailStart(message, now);
        Tell(pod, container, "Warning", "Failed", $"Error: {message}");
        return Begun(record, attempt.Number, now) with
        {
            State = new ContainerState.Terminated(128, "StartError", message, DateTimeOffset.UnixEpoch, now, intent.ContainerId),
            ContainerId = intent.ContainerId,
        };
    }

    /// <summary>What every start changes, successful or not.</summary>
    private static ContainerRecord Begun(ContainerRecord record, int number, DateTimeOffset now) => record with
    {
        Attempt = number,
        LastTerminated = record.Terminated ?? record.LastTerminated,
        // As the kubelet counts: the first end that a probe has brought about is not a failure yet.
        BackOff = number == 0 || record is { EndedByUs: true, LastTerminated: null } ? record.BackOff : BackOff.Next(record.BackOff, now),
        EndedByUs = false,
        RetryAt = null,
        Stopping = false,
        Started = false,
        ProbedReady = false,
    };

    private ContainerRecord FailImage(Pod pod, ContainerSpec container, ContainerRecord record, DateTimeOffset now)
    {
        var failed = ImageRules.Fail(container, record, now);
        foreach (var (type, reason, message) in ImageRules.Events(container, ((ContainerState.Waiting)failed.State).Reason))
        {
            Tell(pod, container, type, reason, message);
        }

        return failed;
    }

    private void Tell(Pod pod, ContainerSpec container, string type, string reason, string message) => services.Record(pod, container.FieldPath, type, reason, message);
}
