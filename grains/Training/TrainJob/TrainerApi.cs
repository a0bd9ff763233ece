namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>The names of <c>trainer.kubeflow.org</c> and of what stands in for its job sets; SDKs and queueing systems rely on them.</summary>
internal static class TrainerApi
{
    public const string Group = "trainer.kubeflow.org";
    public const string Version = "v1alpha1";

    public const string TrainJobKind = "TrainJob";
    public const string ClusterRuntimeKind = "ClusterTrainingRuntime";
    public const string NamespacedRuntimeKind = "TrainingRuntime";

    /// <summary>The <c>managedBy</c> value that means us.</summary>
    public const string Ours = Group + "/trainjob-controller";

    /// <summary>On a runtime: the framework it is for.</summary>
    public const string FrameworkLabel = Group + "/framework";

    /// <summary>On a runtime: <c>deprecated</c> warns whoever uses it.</summary>
    public const string SupportLabel = Group + "/support";

    /// <summary>On a runtime: <c>disabled</c> leaves the rules about its jobs and containers out.</summary>
    public const string ValidationLabel = Group + "/webhook-validation";

    /// <summary>On a replicated job of a runtime: the step it is.</summary>
    public const string StepLabel = Group + "/trainjob-ancestor-step";

    public const string Trainer = "trainer";
    public const string DatasetInitializer = "dataset-initializer";
    public const string ModelInitializer = "model-initializer";

    /// <summary>The replicated job of an MPI runtime that starts the others.</summary>
    public const string Launcher = "launcher";

    /// <summary>The container that trains, and by convention the replicated job it runs in.</summary>
    public const string Node = "node";

    /// <summary>The volume initializers share with the trainer.</summary>
    public const string InitializerVolume = "initializer";

    /// <summary>Where the processes of a job meet.</summary>
    public const int Port = 29500;

    public const int MaximumNodes = 10_000;
}
