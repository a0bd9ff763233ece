using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using Microsoft.Extensions.DependencyInjection;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>The kinds of <c>trainer.kubeflow.org</c>: the one place where they are registered.</summary>
public static class TrainerFamily
{
    private static readonly TrainJobKind TrainJob = new();

    public static ImmutableArray<ResourceKind> Kinds { get; } = [TrainJob, new TrainingRuntimeKind(), new ClusterTrainingRuntimeKind()];

    public static ImmutableArray<IStateMachine> StateMachines(TrainingOptions options) => [new TrainJobStateMachine(TrainJob, options)];

    /// <summary>Gives the installation the built-in runtimes, each once.</summary>
    public static IServiceCollection AddBuiltInRuntimes(this IServiceCollection services) => services.AddHostedService<RuntimeInstaller>();
}
