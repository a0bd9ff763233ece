using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Finds out what became of a pod's containers while nobody watched: from the facts on disk first, else from its last status.</summary>
internal sealed class PodAdoption(KubeletServices services)
{
    /// <returns>The record as it was, and the containers that are to be watched again; they may turn out to have ended.</returns>
    public (PodRecord Record, IReadOnlyList<(ContainerSpec Container, ContainerProcess Process)> Processes) Adopt(Pod pod, PodRecord fresh)
    {
        var directory = services.Directory.Pod(pod.Uid);
        var record = fresh;
        if (directory.ReadAddress() is { Length: > 0 } address)
        {
            var prepared = pod.Status.Items("conditions").Any(condition => condition.Text("type") == "PodReadyToStartContainers" && condition.Text("status") == "True");
            record = fresh with { PodIp = services.Network.Assign(pod, address), ReadyToStart = prepared };
        }

        var processes = new List<(ContainerSpec, ContainerProcess)>();
        foreach (var container in pod.AllContainers)
        {
            var (state, process) = Adopt(pod, container, record.Of(container), directory);
            record = record.With(state);
            if (process is not null)
            {
                processes.Add((container, process));
            }
        }

        return (record, processes);
    }

    private (ContainerRecord Record, ContainerProcess? Process) Adopt(Pod pod, ContainerSpec container, ContainerRecord fresh, PodDirectory directory)
    {
        var record = fresh with { LastTerminated = Ended(Status(pod, container).At("lastState").At("terminated")) };
        foreach (var attempt in directory.Attempts(container.Name).Reverse())
        {
            if (attempt.ReadIntent() is { } intent && services.Runtime.Find(attempt, intent) is { } process)
            {
                var running = record with
                {
                    Attempt = attempt.Number,
                    State = new ContainerState.Running(intent.StartedAt),
                    ContainerId = intent.ContainerId,
                    Started = container.StartupProbe is null || Status(pod, container).Flag("started"),
                    ProbedReady = container.ReadinessProbe is null || Status(pod, container).Flag("ready"),
                };
                return (running, process);
            }

            // It was about to start and never did: as if it had not been.
            attempt.Delete();
        }

        return (Lost(pod, container, record), null);
    }

    /// <summary>Nothing on disk. If the status says that it had run, that is all we shall ever know.</summary>
    private ContainerRecord Lost(Pod pod, ContainerSpec container, ContainerRecord record)
    {
        var status = Status(pod, container);
        var known = record with { Attempt = (int)(status.Integer("restartCount") ?? 0), ContainerId = status.Text("containerID") };
        if (Ended(status.At("state").At("terminated")) is { } ended)
        {
            return known with { State = ended };
        }

        return status.At("state").Has("running")
            ? known with
            {
                State = new ContainerState.Terminated(
                    137, "ContainerStatusUnknown", "The container could not be located when the node came back", status.At("state").At("running").Time("startedAt") ?? default, services.Time.GetUtcNow(), known.ContainerId),
            }
            : known;
    }

    private static System.Text.Json.JsonElement Status(Pod pod, ContainerSpec container) => pod.Status
        .Items(container.IsInit ? "initContainerStatuses" : "containerStatuses").FirstOrDefault(status => status.Text("name") == container.Name);

    private static ContainerState.Terminated? Ended(System.Text.Json.JsonElement ended) => ended.ValueKind == System.Text.Json.JsonValueKind.Object
        ? new ContainerState.Terminated(
            (int)(ended.Integer("exitCode") ?? 0), ended.Text("reason"), ended.Text("message"), ended.Time("startedAt") ?? default, ended.Time("finishedAt") ?? default, ended.Text("containerID"))
        : null;
}
