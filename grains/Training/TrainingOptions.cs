using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Training.Progress;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What an operator may set for all training jobs.</summary>
public sealed record TrainingOptions
{
    /// <summary>Appended to the host names in TF_CONFIG, for example <c>cluster.local</c>; empty: names end in <c>.svc</c>.</summary>
    public string ClusterDomain { get; init; } = "";

    /// <summary>
    /// Who schedules the pods of a job together: empty for nobody, <c>volcano</c>, or the name of a scheduler with the coscheduling plugin.
    /// </summary>
    public string GangSchedulerName { get; init; } = "";

    /// <summary>Where training code reports its progress to; null: it cannot.</summary>
    public ProgressServer? ProgressServer { get; init; }

    /// <summary>How PyTorch workers wait for their master.</summary>
    public MasterWait PyTorchMasterWait { get; init; } = MasterWait.InitContainer;

    public string PyTorchInitContainerImage { get; init; } = "alpine:3.10";

    /// <summary>How often the init container asks for the master's name, two seconds apart, before it gives up.</summary>
    public int PyTorchInitContainerMaximumTries { get; init; } = 100;

    /// <summary>The image of the init container that brings kubectl to the launchers of MPIJob v1.</summary>
    public string MPIKubectlDeliveryImage { get; init; } = "ghcr.io/kubeflow/training-v1/kubectl-delivery:latest";

    /// <summary>Its command; empty: the image's own. Any that leaves a kubectl in <c>$TARGET_DIR</c> will do.</summary>
    public ImmutableArray<string> MPIKubectlDeliveryCommand { get; init; } = [];

    /// <summary>Further variables of MPI launchers, for example what their mpirun must be told about the user it runs as.</summary>
    public ImmutableDictionary<string, string> MPILauncherVariables { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Makes the keys by which the processes of one MPIJob v2beta1 log in to each other.</summary>
    internal Func<MPIJob.SshKeyPair> NewSshKeyPair { get; init; } = MPIJob.SshKeyPair.Generate;
}

/// <summary>How workers wait for their master.</summary>
public enum MasterWait
{
    /// <summary>Workers start at once; an init container waits until the master's name resolves. What Kubeflow does.</summary>
    InitContainer,

    /// <summary>A worker's pod is created only when the master is ready: no init container, no image to pull, no name service needed.</summary>
    Gate,
}
