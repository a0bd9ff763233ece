using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What a failed pod means for its job.</summary>
internal enum FailureMeaning
{
    /// <summary>Start it again.</summary>
    Restart,

    /// <summary>Its exit code says that trying again is pointless.</summary>
    Permanent,

    /// <summary>It is not started again; the kind says whether the job lives on.</summary>
    Final,
}

/// <summary>One wanted replica and what is known of it. A pod that is being deleted holds its place but counts for nothing.</summary>
internal sealed record Replica(ReplicaSpec Spec, int Index, string Name, ObservedPod? Pod, ObservedService? Service, ReplicaNotes Notes)
{
    public bool IsCompleted => Notes.Completed || Pod?.Phase == "Succeeded";

    public bool IsRunning => !IsCompleted && Pod is { Phase: "Running", Terminating: false };

    public bool IsReady => IsRunning && Pod!.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    public bool HasFailed => !IsCompleted && Pod is { Phase: "Failed", Terminating: false };

    /// <summary>Pending or running: there is a pod that has not ended and is not being deleted.</summary>
    public bool IsActive => Pod is { Phase: not ("Succeeded" or "Failed"), Terminating: false };

    /// <summary>The cluster took the pod away (eviction, preemption, node shutdown): no fault of the program.</summary>
    public bool WasDisrupted => Pod is not null && Disruptions.IsOne(Pod);

    /// <summary>Restarts of the containers of the pod that is there now.</summary>
    public int ContainerRestarts => Pod is null ? 0 : Pod.InitContainers.Concat(Pod.Containers).Sum(container => container.RestartCount);

    /// <summary>What the failure of <see cref="Pod"/> means where the restart policy alone decides.</summary>
    public FailureMeaning MeaningOfFailure(string containerName) => Spec.RestartPolicy switch
    {
        "OnFailure" or "Always" => FailureMeaning.Restart,
        "ExitCode" => ExitCodes.IsRetryable(ExitCodes.Of(Pod!, containerName)) ? FailureMeaning.Restart : FailureMeaning.Permanent,
        _ => FailureMeaning.Final,
    };
}
