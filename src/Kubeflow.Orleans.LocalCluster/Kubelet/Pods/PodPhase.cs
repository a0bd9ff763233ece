namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The phase a pod has, from its containers alone (the kubelet's getPhase).</summary>
internal static class PodPhase
{
    public const string Pending = "Pending";
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";

    public static string Of(Pod pod, PodRecord record)
    {
        if (record.Stop is { Reason.Length: > 0 })
        {
            return Failed;
        }

        var failedInit = pod.InitContainers.Any(spec => !spec.IsSidecar && FailedEnd(record.Of(spec)));
        if (failedInit && pod.RestartPolicy == "Never")
        {
            return Failed;
        }

        var tally = Tally.Of(pod, record);
        if (!IsInitialized(pod, record) || tally.Waiting > 0)
        {
            return Pending;
        }

        if (tally.Running > 0)
        {
            return Running;
        }

        return pod.RestartPolicy switch
        {
            _ when tally.Stopped == 0 => Pending,
            _ when record.Stop is not null => tally.Stopped == tally.Succeeded ? Succeeded : Failed,
            "Always" => Running,
            _ when tally.Stopped == tally.Succeeded => Succeeded,
            "Never" => Failed,
            _ => Running,
        };
    }

    /// <summary>Every init container has done its part, or a regular container has been started already.</summary>
    public static bool IsInitialized(Pod pod, PodRecord record) => HasStartedRegular(pod, record) || !pod.InitContainers.Any(spec => IsIncomplete(spec, record));

    /// <summary>A regular init container that has not succeeded, a sidecar that has not started.</summary>
    public static bool IsIncomplete(ContainerSpec spec, PodRecord record) =>
        spec.IsSidecar ? !record.Of(spec).Started : record.Of(spec).Terminated is not { ExitCode: 0 };

    public static bool HasStartedRegular(Pod pod, PodRecord record) => pod.Containers.Any(spec => record.Of(spec) is var container
        && (container.State is not ContainerState.Waiting || container.LastTerminated is not null));

    private static bool FailedEnd(ContainerRecord container) => (container.Terminated ?? container.LastTerminated) is { ExitCode: not 0 };

    private readonly record struct Tally(int Running, int Waiting, int Stopped, int Succeeded)
    {
        public static Tally Of(Pod pod, PodRecord record)
        {
            var regular = pod.Containers.Select(record.Of).ToList();
            return new Tally(
                pod.LastingContainers.Count(spec => record.Of(spec).IsRunning),
                regular.Count(container => container.State is ContainerState.Waiting && container.LastTerminated is null),
                regular.Count(container => container.Terminated is not null || container.State is ContainerState.Waiting && container.LastTerminated is not null),
                regular.Count(container => container.Terminated is { ExitCode: 0 }));
        }
    }
}
