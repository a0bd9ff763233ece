using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What all pod workers of a node share.</summary>
internal sealed record KubeletServices
{
    public required KubeletOptions Options { get; init; }

    public required IKubeletApi Api { get; init; }

    public required ClusterNetwork Network { get; init; }

    public required KubeletDirectory Directory { get; init; }

    public required ProcessRuntime Runtime { get; init; }

    public required PodVolumes Volumes { get; init; }

    public required LaunchPlanner Planner { get; init; }

    public required ProbeRunner Probes { get; init; }

    public required LogObserver Logs { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    public void Record(Pod pod, string fieldPath, string type, string reason, string message) =>
        Api.Record(new PodEvent(pod.Document, fieldPath, type, reason, message, Options.NodeName));
}
