using k8s.Models;
using Kubeflow.Orleans.Core.Schemas;
using static Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes.RuntimeSchema;

namespace Kubeflow.Orleans.Grains.Training.TrainJob;

/// <summary>The schema of TrainJobs.</summary>
internal static class TrainJobSchema
{
    private const int LongestArgument = 1024 * 1024;

    public static Schema TrainJob { get; } = Schema.Object(("spec", Spec), ("status", Status));

    private static Schema Spec => Schema.Object(
        ("activeDeadlineSeconds", Schema.Int64 with { Minimum = 1 }),
        ("initializer", Schema.Object(("dataset", Initializer), ("model", Initializer))),
        ("managedBy", Schema.String with { MaxLength = 253, DefaultJson = $"\"{TrainerApi.Ours}\"" }),
        ("runtimePatches", MapByKey(RuntimePatch, "manager") with { MaxItems = 16 }),
        ("runtimeRef", Schema.Object(
            ("apiGroup", Schema.String with { MaxLength = 253, DefaultJson = $"\"{TrainerApi.Group}\"" }),
            ("kind", Schema.String with { MaxLength = 253, DefaultJson = $"\"{TrainerApi.ClusterRuntimeKind}\"" }),
            ("name", Text(1, 253))) with
        { Required = ["name"] }),
        ("suspend", Schema.Boolean with { DefaultJson = "false" }),
        ("trainer", Schema.Object(
            ("args", Arguments),
            ("command", Arguments),
            ("env", Environment),
            ("image", Schema.String with { MaxLength = 500 }),
            ("numNodes", Schema.Int32 with { Minimum = 0 }),
            ("numProcPerNode", Schema.Int32),
            ("resourcesPerNode", ClrSchema.Of(typeof(V1ResourceRequirements)))))) with
    { Required = ["runtimeRef"] };

    private static Schema Arguments => Atomic(Schema.String with { MaxLength = LongestArgument }) with { MaxItems = 128 };

    private static Schema Environment => MapByKey(ClrSchema.Of(typeof(V1EnvVar)), "name") with { MaxItems = 128 };

    private static Schema Initializer => Schema.Object(
        ("env", Environment),
        ("secretRef", ClrSchema.Of(typeof(V1LocalObjectReference))),
        ("storageUri", Schema.String with { MaxLength = 2048 }));

    private static Schema RuntimePatch => Schema.Object(
        ("manager", Text(1, 253)),
        ("time", Schema.Time),
        ("trainingRuntimeSpec", Schema.Object(("template", Schema.Object(
            ("metadata", Metadata),
            ("spec", Schema.Object(("replicatedJobs", MapByKey(ReplicatedJobPatch, "name") with { MaxItems = 100 })))))))) with
    { Required = ["manager"] };

    private static Schema ReplicatedJobPatch => Schema.Object(
        ("name", Text(1, 253)),
        ("template", Schema.Object(
            ("metadata", Metadata),
            ("spec", Schema.Object(("template", Schema.Object(("metadata", Metadata), ("spec", PodPatch)))))))) with
    { Required = ["name"] };

    private static Schema PodPatch => Schema.Object(
        ("affinity", ClrSchema.Of(typeof(V1Affinity))),
        ("containers", MapByKey(ContainerPatch, "name") with { MaxItems = 64 }),
        ("imagePullSecrets", MapByKey(ClrSchema.Of(typeof(V1LocalObjectReference)), "name") with { MaxItems = 64 }),
        ("initContainers", MapByKey(ContainerPatch, "name") with { MaxItems = 64 }),
        ("nodeSelector", Schema.MapOf(Schema.String)),
        ("schedulingGates", MapByKey(ClrSchema.Of(typeof(V1PodSchedulingGate)), "name") with { MaxItems = 16 }),
        ("securityContext", ClrSchema.Of(typeof(V1PodSecurityContext))),
        ("serviceAccountName", Schema.String with { MaxLength = 253 }),
        ("terminationGracePeriodSeconds", Schema.Int64 with { Minimum = 0 }),
        ("tolerations", Atomic(ClrSchema.Of(typeof(V1Toleration))) with { MaxItems = 128 }),
        ("volumes", MapByKey(ClrSchema.Of(typeof(V1Volume)), "name") with { MaxItems = 128 }));

    private static Schema ContainerPatch => Schema.Object(
        ("env", Environment),
        ("name", Text(1, 253)),
        ("securityContext", ClrSchema.Of(typeof(V1SecurityContext))),
        ("volumeMounts", MapByKey(ClrSchema.Of(typeof(V1VolumeMount)), "name") with { MaxItems = 128 })) with
    { Required = ["name"] };

    private static Schema Status => Schema.Object(
        ("conditions", MapByKey(Condition, "type") with { MaxItems = 8 }),
        ("jobsStatus", MapByKey(JobStatus, "name") with { MaxItems = 100 }),
        ("trainerStatus", Schema.Object(
            ("estimatedRemainingSeconds", Schema.Int32 with { Minimum = 0 }),
            ("lastUpdatedTime", Schema.Time),
            ("metrics", Atomic(Schema.Object(("name", Text(1, 64)), ("value", Text(1, 64))) with { Required = ["name", "value"] }) with { MaxItems = 256 }),
            ("progressPercentage", Schema.Int32 with { Minimum = 0, Maximum = 100 })))) with
    { MinProperties = 1 };

    private static Schema Condition => Schema.Object(
        ("lastTransitionTime", Schema.Time),
        ("message", Schema.String with { MaxLength = 32768 }),
        ("observedGeneration", Schema.Int64 with { Minimum = 0 }),
        ("reason", Text(1, 1024) with { Pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }),
        ("status", Schema.String with { Enum = ["True", "False", "Unknown"] }),
        ("type", Schema.String with
        {
            MaxLength = 316,
            Pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        })) with
    { Required = ["lastTransitionTime", "message", "reason", "status", "type"] };

    private static Schema JobStatus => Schema.Object(
        ("active", Count),
        ("failed", Count),
        ("name", Text(1, 253)),
        ("ready", Count),
        ("succeeded", Count),
        ("suspended", Count)) with
    { Required = ["active", "failed", "name", "ready", "succeeded", "suspended"] };

    private static Schema Count => Schema.Int32 with { Minimum = 0 };
}
