using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The schema of training jobs; the pod template's is generated, it is Kubernetes' own.</summary>
internal static class TrainingSchema
{
    public static Schema Of(TrainingKind kind) => Schema.Object(("spec", Spec(kind)), ("status", Status));

    /// <summary>What the elastic policies of several kinds hold.</summary>
    public static ImmutableArray<(string Name, Schema Schema)> ElasticFields { get; } =
    [
        ("maxReplicas", Schema.Int32),
        ("maxRestarts", Schema.Int32),
        ("metrics", Schema.ListOf(ClrSchema.Of(typeof(V2MetricSpec)))),
        ("minReplicas", Schema.Int32),
    ];

    private static Schema Spec(TrainingKind kind) => Schema.Object(
        [
            (kind.ReplicaSpecsField, Schema.MapOf(ReplicaSpec)),
            ("runPolicy", RunPolicy),
            .. kind.SpecFields,
        ]) with
    { Required = [kind.ReplicaSpecsField] };

    private static Schema ReplicaSpec { get; } = Schema.Object(
        ("replicas", Schema.Int32),
        ("restartPolicy", Schema.String),
        ("template", ClrSchema.Of(typeof(V1PodTemplateSpec))));

    private static Schema RunPolicy { get; } = Schema.Object(
        ("activeDeadlineSeconds", Schema.Int64),
        ("backoffLimit", Schema.Int32),
        ("cleanPodPolicy", Schema.String),
        ("managedBy", Schema.String),
        ("schedulingPolicy", Schema.Object(
            ("minAvailable", Schema.Int32),
            ("minResources", Schema.MapOf(Schema.Quantity)),
            ("priorityClass", Schema.String),
            ("queue", Schema.String),
            ("scheduleTimeoutSeconds", Schema.Int32))),
        ("suspend", Schema.Boolean with { DefaultJson = "false" }),
        ("ttlSecondsAfterFinished", Schema.Int32));

    private static Schema Status { get; } = Schema.Object(
        ("completionTime", Schema.Time),
        ("conditions", Schema.ListOf(Condition)),
        ("lastReconcileTime", Schema.Time),
        ("replicaStatuses", Schema.MapOf(Schema.Object(
            ("active", Schema.Int32),
            ("failed", Schema.Int32),
            ("labelSelector", ClrSchema.Of(typeof(V1LabelSelector))),
            ("selector", Schema.String),
            ("succeeded", Schema.Int32)))),
        ("restarts", Schema.Int32),
        ("startTime", Schema.Time),
        ("trainerStatus", TrainerStatus));

    /// <summary>What training code says of itself: the names are those of TrainJobs.</summary>
    private static Schema TrainerStatus => Schema.Object(
        ("estimatedRemainingSeconds", Schema.Int32 with { Minimum = 0 }),
        ("lastUpdatedTime", Schema.Time),
        ("metrics", Schema.ListOf(Schema.Object(("name", Schema.String with { MaxLength = 64 }), ("value", Schema.String with { MaxLength = 64 })) with { Required = ["name", "value"] })),
        ("progressPercentage", Schema.Int32 with { Minimum = 0, Maximum = 100 }));

    private static Schema Condition => Schema.Object(
        ("lastTransitionTime", Schema.Time),
        ("lastUpdateTime", Schema.Time),
        ("message", Schema.String),
        ("reason", Schema.String),
        ("status", Schema.String),
        ("type", Schema.String)) with
    { Required = ["status", "type"] };
}
