using System.Collections.Immutable;
using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>A typed view over a TrainJob's document.</summary>
internal sealed class TrainJobSpec
{
    // A century: longer times are "never", and adding them to a date would overflow.
    private const long LongestSeconds = 3_155_760_000;

    private readonly JsonElement spec;
    private readonly Lazy<TrainerSpec?> trainer;

    public TrainJobSpec(JsonElement document)
    {
        spec = document.Get("spec");
        Status = document.Get("status");
        var metadata = new MetadataView(document);
        Name = metadata.Name;
        Namespace = metadata.Namespace;
        Uid = metadata.Uid;
        CreationTime = metadata.CreationTimestamp;
        WorkingDirectory = metadata.Annotations.GetValueOrDefault(WellKnown.WorkingDirectoryAnnotation);
        Annotations = new JobAnnotations(metadata.Annotations);
        Patches = [.. spec.Items("runtimePatches")];
        trainer = new(() => spec.Get("trainer") is var present && present.IsPresent() ? KubernetesJson.Deserialize<TrainerSpec>(present.GetRawText()) : null);
    }

    public string Name { get; }

    public string Namespace { get; }

    public string Uid { get; }

    public DateTimeOffset? CreationTime { get; }

    /// <summary>Where the processes start on a laptop: the runtime knows nothing of whose script it runs.</summary>
    public string? WorkingDirectory { get; }

    /// <summary>What the job asks for beyond upstream.</summary>
    public JobAnnotations Annotations { get; }

    public JsonElement Status { get; }

    /// <summary>Kind and group of the runtime as errors name them.</summary>
    public string RuntimeType => $"{RuntimeKind}.{RuntimeGroup}";

    public string RuntimeName => spec.Get("runtimeRef").Text("name") ?? "";

    public bool RefersToClusterRuntime => RuntimeKind == TrainerApi.ClusterRuntimeKind;

    /// <summary>Where the runtime is stored; null: it is of a kind nobody knows.</summary>
    public ResourceKey? RuntimeKey => (RuntimeGroup, RuntimeKind) switch
    {
        (TrainerApi.Group, TrainerApi.ClusterRuntimeKind) => new ResourceKey($"clustertrainingruntimes.{TrainerApi.Group}", "", RuntimeName),
        (TrainerApi.Group, TrainerApi.NamespacedRuntimeKind) => new ResourceKey($"trainingruntimes.{TrainerApi.Group}", Namespace, RuntimeName),
        _ => null,
    };

    public TrainerSpec? Trainer => trainer.Value;

    /// <summary>What is said of an initializer; Undefined when nothing is.</summary>
    public JsonElement Initializer(string step) => spec.Get("initializer", step == TrainerApi.DatasetInitializer ? "dataset" : "model");

    public ImmutableArray<JsonElement> Patches { get; }

    public bool Suspend => spec.Flag("suspend");

    public TimeSpan? ActiveDeadline => spec.Integer("activeDeadlineSeconds") is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestSeconds)) : null;

    public bool IsManagedElsewhere => spec.Text("managedBy") is { } manager && manager != TrainerApi.Ours;

    private string RuntimeKind => spec.Get("runtimeRef").Text("kind") ?? TrainerApi.ClusterRuntimeKind;

    private string RuntimeGroup => spec.Get("runtimeRef").Text("apiGroup") ?? TrainerApi.Group;
}

/// <summary><c>spec.trainer</c>: what the TrainJob changes of the container that trains.</summary>
internal sealed record TrainerSpec
{
    public string? Image { get; init; }

    public IList<string>? Command { get; init; }

    public IList<string>? Args { get; init; }

    public IList<V1EnvVar>? Env { get; init; }

    public int? NumNodes { get; init; }

    public int? NumProcPerNode { get; init; }

    public V1ResourceRequirements? ResourcesPerNode { get; init; }
}
