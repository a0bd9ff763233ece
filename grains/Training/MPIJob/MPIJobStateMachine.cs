using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.MPIJob.V1;
using Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.MPIJob;

/// <summary>Decides for an MPIJob as its version demands.</summary>
internal sealed class MPIJobStateMachine : IStateMachine
{
    private readonly MPIJobV2Kind kind = new();
    private readonly TrainingStateMachine v1;
    private readonly MPIJobV2StateMachine v2;

    public MPIJobStateMachine(TrainingOptions options)
    {
        v1 = new TrainingStateMachine(new MPIJobV1Rules(new MPIJobV1Kind(), options), options);
        v2 = new MPIJobV2StateMachine(kind, options);
        ChildKinds = [.. v1.ChildKinds.Union(v2.ChildKinds)];
    }

    public string Resource => v1.Resource;

    public string Component => v1.Component;

    public IReadOnlyCollection<ChildKind> ChildKinds { get; }

    public Decision Decide(Situation situation) => IsV2(situation.Document) ? v2.Decide(situation) : v1.Decide(situation);

    /// <summary>In the words of each upstream, those of v1's included.</summary>
    public DecisionEvent NotOurs(Document document, string kind, string name) =>
        DecisionEvent.Warning("ErrResourceExists", $"Resource \"{name}\" of {(IsV2(document) ? "Kind" : "MPIJobKind")} \"{kind}\" already exists and is not managed by MPIJob");

    private bool IsV2(Document document) => document.ApiVersion == kind.ApiVersion(kind.Version);
}
