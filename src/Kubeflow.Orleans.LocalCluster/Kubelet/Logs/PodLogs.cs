using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The logs of the pods of one node: what <c>pods/log</c> serves.</summary>
public sealed class PodLogs
{
    private readonly KubeletDirectory directory;
    private readonly Func<string, string, PodWorker?> find;
    private readonly LogObserver observer;
    private readonly TimeProvider time;

    internal PodLogs(KubeletDirectory directory, Func<string, string, PodWorker?> find, LogObserver observer, TimeProvider time)
    {
        this.directory = directory;
        this.find = find;
        this.observer = observer;
        this.time = time;
    }

    /// <summary>
    /// Copies a container's log. With <see cref="PodLogOptions.Follow"/> until that run of the container has ended or its pod is gone.
    /// </summary>
    /// <param name="container">Empty: the annotated default container, or the only one.</param>
    /// <exception cref="StatusException">Refused, before anything is written to <paramref name="output"/>.</exception>
    public async Task ReadAsync(string @namespace, string pod, string container, PodLogOptions options, Stream output, CancellationToken cancellationToken)
    {
        var worker = find(@namespace, pod) ?? throw Refused(404, "NotFound", $"pods \"{pod}\" not found");
        var spec = Choose(worker.Pod, container);
        var attempts = directory.Pod(worker.Pod.Uid).Attempts(spec.Name);
        var attempt = options.Previous ? Previous(attempts, spec, pod) : Current(attempts, worker, spec, pod);
        if (attempt is null || !File.Exists(attempt.Log))
        {
            return;
        }

        var reader = new LogReader(attempt.Log, observer, options, time.GetUtcNow());
        await reader.CopyAsync(output, () => attempt.ReadExit() is not null || !Directory.Exists(attempt.Directory), cancellationToken);
    }

    private static ContainerSpec Choose(Pod pod, string container)
    {
        var name = container.Length > 0 ? container : pod.Annotations.GetValueOrDefault("kubectl.kubernetes.io/default-container", "");
        if (name.Length > 0)
        {
            return pod.AllContainers.FirstOrDefault(spec => spec.Name == name) ?? throw BadRequest($"container {name} is not valid for pod {pod.Name}");
        }


        if (pod.Containers is [var main])
        {
            return main;
        }

        var init = pod.InitContainers.Count == 0 ? "" : $" or one of the init containers: [{string.Join(' ', pod.InitContainers.Select(spec => spec.Name))}]";
        throw BadRequest($"a container name must be specified for pod {pod.Name}, choose one of: [{string.Join(' ', pod.Containers.Select(spec => spec.Name))}]{init}");
    }

    private static ContainerAttempt Previous(IReadOnlyList<ContainerAttempt> attempts, ContainerSpec spec, string pod) =>
        attempts is [.., var previous, _] ? previous : throw BadRequest($"previous terminated container \"{spec.Name}\" in pod \"{pod}\" not found");

    private static ContainerAttempt? Current(IReadOnlyList<ContainerAttempt> attempts, PodWorker worker, ContainerSpec spec, string pod)
    {
        if (attempts.Count > 0)
        {
            return attempts[^1];
        }

        return worker.Record.Of(spec).State is ContainerState.Waiting waiting
            ? throw BadRequest($"container \"{spec.Name}\" in pod \"{pod}\" is waiting to start: {Reason(waiting.Reason)}")
            : null;
    }

    private static string Reason(string reason) => reason switch
    {
        "ErrImagePull" or "ImagePullBackOff" => "trying and failing to pull image",
        "ErrImageNeverPull" => "image can't be pulled",
        _ => reason,
    };

    private static StatusException BadRequest(string message) => Refused(400, "BadRequest", message);

    private static StatusException Refused(int code, string reason, string message) => new(new ApiStatus(code, reason, message));
}
