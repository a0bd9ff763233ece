using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.JAXJob;
using Kubeflow.Orleans.Grains.Training.MPIJob;
using Kubeflow.Orleans.Grains.Training.PaddleJob;
using Kubeflow.Orleans.Grains.Training.PyTorchJob;
using Kubeflow.Orleans.Grains.Training.TFJob;
using Kubeflow.Orleans.Grains.Training.XGBoostJob;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The training jobs of <c>kubeflow.org/v1</c>: the one place where they are registered.</summary>
public static class TrainingFamily
{
    private static readonly ImmutableArray<Func<TrainingOptions, ITrainingRules>> Family =
    [
        options => new TFJobRules(new TFJobKind(), options),
        options => new PyTorchJobRules(new PyTorchJobKind(), options),
        _ => new XGBoostJobRules(new XGBoostJobKind()),
        _ => new PaddleJobRules(new PaddleJobKind()),
        _ => new JAXJobRules(new JAXJobKind()),
    ];

    public static ImmutableArray<ResourceKind> Kinds { get; } = [.. Family.Select(member => member(new TrainingOptions()).Kind), new MPIJobKind()];

    public static ImmutableArray<IStateMachine> StateMachines(TrainingOptions options) =>
        [.. Family.Select(member => new TrainingStateMachine(member(options), options)), new MPIJobStateMachine(options)];
}
