using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.PyTorchJob;
using Kubeflow.Orleans.Grains.Training.TFJob;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The training jobs of <c>kubeflow.org/v1</c>: the one place where they are registered.</summary>
public static class TrainingFamily
{
    private static readonly TFJobKind TFJobs = new();
    private static readonly PyTorchJobKind PyTorchJobs = new();

    public static ImmutableArray<ResourceKind> Kinds { get; } = [TFJobs, PyTorchJobs];

    public static ImmutableArray<IStateMachine> StateMachines(TrainingOptions options) =>
    [
        new TrainingStateMachine(new TFJobRules(TFJobs, options)),
        new TrainingStateMachine(new PyTorchJobRules(PyTorchJobs, options)),
    ];
}
