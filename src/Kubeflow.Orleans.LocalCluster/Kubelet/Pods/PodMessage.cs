namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What a pod's worker is told. It decides one message after the other; nobody else touches its state.</summary>
internal abstract record PodMessage
{
    /// <summary>The document has changed.</summary>
    public sealed record Updated(Pod Pod) : PodMessage;

    /// <summary>The document is gone: nothing may be left of the pod.</summary>
    public sealed record Gone : PodMessage;

    public sealed record Exited(ContainerProcess Process, ContainerSpec Container, AttemptExit Exit) : PodMessage;

    public sealed record Probed(ContainerProcess Process, ContainerSpec Container, ProbeKind Kind, bool Verdict) : PodMessage;

    /// <summary>A hook run after the start failed: the container is ended by its own rules.</summary>
    public sealed record StartHookFailed(ContainerProcess Process, ContainerSpec Container) : PodMessage;

    /// <summary>The kubelet ends and takes its pods with it.</summary>
    public sealed record ShutDown : PodMessage;
}
