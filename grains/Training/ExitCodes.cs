using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What an exit code says about trying again.</summary>
internal static class ExitCodes
{
    /// <summary>Stands for "the container left no exit code" (evicted, node lost, never started); counts as retryable.</summary>
    public const int None = 0xbeef;

    private const int FirstRetryable = 128;

    /// <summary>128 and above are signals from outside (130 SIGINT, 137 SIGKILL, 143 SIGTERM ...); 1 to 127 is the program's own verdict.</summary>
    public static bool IsRetryable(int exitCode) => exitCode >= FirstRetryable;

    public static int Of(ObservedPod pod, string containerName) =>
        pod.Containers.FirstOrDefault(container => container.Name == containerName)?.Terminated?.ExitCode ?? None;
}
