using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>A training job of Kubeflow Trainer: a runtime, and what this run changes of it.</summary>
internal sealed class TrainJobKind : ResourceKind, IReconciledKind, IReferringKind, IPreparedOnWrite, IReportsProgress
{
    public override string Group => TrainerApi.Group;

    public override string Kind => TrainerApi.TrainJobKind;

    public override string Plural => "trainjobs";

    public override ImmutableArray<KindVersion> Versions { get; } =
    [
        new(TrainerApi.Version, TrainJobSchema.TrainJob,
        [
            new("State", "string", JsonPath.Parse(".status.conditions[-1:].type")),
            new("Age", "date", JsonPath.Parse(".metadata.creationTimestamp")),
        ]),
    ];

    public ImmutableArray<string> ReferredResources { get; } = [new ClusterTrainingRuntimeKind().Resource, new TrainingRuntimeKind().Resource];

    public bool Concerns(JsonElement document) => !new TrainJobSpec(document).IsManagedElsewhere;

    public void Prepare(JsonObject document, JsonObject? old, DateTimeOffset now) => RuntimePatches.SetTimes(document, old, now);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old) =>
        TrainJobValidation.Validate(Document.FromNode(document).Root, old is null ? null : Document.FromNode(old).Root);

    public IEnumerable<ResourceKey> References(JsonElement document) => new TrainJobSpec(document).RuntimeKey is { } key ? [key] : [];

    public IEnumerable<FieldError> ValidateReferences(JsonObject document, JsonObject? old, IReadOnlyDictionary<ResourceKey, Document> found)
    {
        var job = new TrainJobSpec(Document.FromNode(document).Root);

        // What runs is what the runtime said when the job was first looked at: later only the job's own patches are news.
        if (old is not null && JsonNode.DeepEquals(document["spec"]?["runtimePatches"], old["spec"]?["runtimePatches"]))
        {
            return [];
        }

        var runtime = job.RuntimeKey is { } key && found.TryGetValue(key, out var named) ? new RuntimeView(named.Root) : null;
        return old is not null && runtime is null ? [] : RuntimeRules.Validate(job, runtime);
    }

    public IEnumerable<string> ReferenceWarnings(JsonObject document, IReadOnlyDictionary<ResourceKey, Document> found) => found
        .Where(entry => entry.Key.Namespace.Length == 0)
        .SelectMany(entry => ClusterTrainingRuntimeKind.DeprecationWarnings(new RuntimeView(entry.Value.Root), $"Referenced {TrainerApi.ClusterRuntimeKind}"));
}
