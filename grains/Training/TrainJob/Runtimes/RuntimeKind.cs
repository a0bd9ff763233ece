using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>A blueprint TrainJobs refer to: what runs, on how many nodes, in which order. Only kept; nothing happens to it.</summary>
internal abstract class RuntimeKind : ResourceKind
{
    public sealed override string Group => TrainerApi.Group;

    public sealed override string Plural => Singular + "s";

    public sealed override bool HasStatus => false;

    public sealed override ImmutableArray<KindVersion> Versions { get; } = [new(TrainerApi.Version, RuntimeSchema.Runtime, [])];

    public sealed override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old) =>
        RuntimeValidation.Validate(Document.FromNode(document).Root, old is null ? null : Document.FromNode(old).Root);
}

/// <summary>A runtime of one namespace.</summary>
internal sealed class TrainingRuntimeKind : RuntimeKind
{
    public override string Kind => TrainerApi.NamespacedRuntimeKind;
}

/// <summary>A runtime for everybody.</summary>
internal sealed class ClusterTrainingRuntimeKind : RuntimeKind
{
    private const string DeprecationPolicy = "https://trainer.kubeflow.org/en/latest/operator-guides/runtime.html#runtime-deprecation-policy";

    public override string Kind => TrainerApi.ClusterRuntimeKind;

    public override bool Namespaced => false;

    public override IEnumerable<string> Warnings(JsonObject document) => DeprecationWarnings(new RuntimeView(Document.FromNode(document).Root), Kind);

    /// <param name="subject">What the sentence begins with.</param>
    public static IEnumerable<string> DeprecationWarnings(RuntimeView runtime, string subject) => runtime.IsDeprecated
        ? [$"{subject} \"{runtime.Name}\" is deprecated and will be removed in a future release of Kubeflow Trainer. See runtime deprecation policy: {DeprecationPolicy}"]
        : [];
}
