using System.Collections.Immutable;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What a container is doing, in the words of its status.</summary>
internal abstract record ContainerState
{
    public sealed record Waiting(string Reason, string Message = "") : ContainerState;

    public sealed record Running(DateTimeOffset StartedAt) : ContainerState;

    public sealed record Terminated(int ExitCode, string Reason, string Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string ContainerId) : ContainerState;
}

/// <summary>All that is known of one container of a pod.</summary>
internal sealed record ContainerRecord(string Name)
{
    /// <summary>The first start is attempt 0; shown as restartCount.</summary>
    public int Attempt { get; init; }

    public ContainerState State { get; init; } = new ContainerState.Waiting("ContainerCreating");

    public ContainerState.Terminated? LastTerminated { get; init; }

    /// <summary><c>process://</c> and 64 hexadecimal digits; empty before the first start.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>Running, and its startup probe (if any) has succeeded.</summary>
    public bool Started { get; init; }

    /// <summary>What the readiness probe said last; true without a probe.</summary>
    public bool ProbedReady { get; init; }

    /// <summary>A stop is under way: it was asked to end and must not be restarted meanwhile.</summary>
    public bool Stopping { get; init; }

    /// <summary>It ended because we asked it to (a failed probe).</summary>
    public bool EndedByUs { get; init; }

    public BackOff? BackOff { get; init; }

    /// <summary>It could not be created (image, configuration): when to try again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>The number of the attempt that starts a waiting container: the first, or the one after its last end.</summary>
    public int NextAttempt => LastTerminated is null ? 0 : Attempt + 1;

    public bool IsRunning => State is ContainerState.Running;

    public ContainerState.Terminated? Terminated => State as ContainerState.Terminated;

    /// <summary>A finished init container counts as ready; everything else only while it runs and is probed so.</summary>
    public bool IsReady(ContainerSpec spec) => State switch
    {
        ContainerState.Running => Started && ProbedReady && (!spec.IsInit || spec.IsSidecar),
        ContainerState.Terminated ended => spec.IsInit && !spec.IsSidecar && ended.ExitCode == 0,
        _ => false,
    };
}

/// <summary>Why a pod as a whole must end, whatever its containers do.</summary>
/// <param name="Reason">status.reason; empty for a plain deletion.</param>
/// <param name="GracePeriod">Between SIGTERM and SIGKILL.</param>
internal sealed record PodStop(string Reason, string Message, TimeSpan GracePeriod)
{
    public static PodStop Deleted(TimeSpan gracePeriod) => new("", "", gracePeriod);

    public static PodStop DeadlineExceeded(TimeSpan gracePeriod) =>
        new("DeadlineExceeded", "Pod was active on the node longer than the specified deadline", gracePeriod);

    public static PodStop NodeShutdown(TimeSpan gracePeriod) =>
        new("Terminated", "Pod was terminated in response to imminent node shutdown.", gracePeriod);
}

/// <summary>All that is known of a pod on this node beside its document.</summary>
internal sealed record PodRecord
{
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Volumes are there and the pod has its address.</summary>
    public bool ReadyToStart { get; init; }

    /// <summary>Empty until a container has been tried.</summary>
    public string PodIp { get; init; } = "";

    public string HostIp { get; init; } = "127.0.0.1";

    public PodStop? Stop { get; init; }

    /// <summary>Nothing of the pod runs or will run any more.</summary>
    public bool Finished { get; init; }

    public ImmutableSortedDictionary<string, ContainerRecord> Containers { get; init; } = ImmutableSortedDictionary.Create<string, ContainerRecord>(StringComparer.Ordinal);

    public ContainerRecord Of(ContainerSpec spec) => Containers.GetValueOrDefault(spec.Name) ?? new ContainerRecord(spec.Name);

    public PodRecord With(ContainerRecord container) => this with { Containers = Containers.SetItem(container.Name, container) };

    public static PodRecord New(Pod pod, DateTimeOffset startTime)
    {
        var waiting = new ContainerState.Waiting(pod.InitContainers.Count > 0 ? "PodInitializing" : "ContainerCreating");
        var record = new PodRecord { StartTime = startTime };
        return pod.AllContainers.Aggregate(record, (all, spec) => all.With(new ContainerRecord(spec.Name) { State = waiting }));
    }
}
