using System.Collections.Immutable;
using k8s.Models;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

/// <summary>
/// The schema of runtimes: machine learning policies of our own, and a template in the shape of a JobSet whose jobs and pods are
/// Kubernetes' own.
/// </summary>
internal static class RuntimeSchema
{
    public static Schema Metadata { get; } = ClrSchema.Of(typeof(V1PodTemplateSpec)).Properties["metadata"];

    /// <summary>What a runtime's template says of jobs; patches of TrainJobs merge into it.</summary>
    public static Schema JobSetSpec { get; } = Schema.Object(
        ("coordinator", Schema.Object(("jobIndex", Whole), ("podIndex", Whole), ("replicatedJob", Schema.String)) with { Required = ["replicatedJob"] }),
        ("failurePolicy", FailurePolicy),
        ("managedBy", Schema.String),
        ("network", Schema.Object(("enableDNSHostnames", Schema.Boolean), ("publishNotReadyAddresses", Schema.Boolean), ("subdomain", Schema.String))),
        ("replicatedJobs", MapByKey(ReplicatedJob, "name")),
        ("startupPolicy", Schema.Object(("startupPolicyOrder", OneOf("AnyOrder", "InOrder"))) with { Required = ["startupPolicyOrder"] }),
        ("successPolicy", Schema.Object(("operator", OneOf("All", "Any")), ("targetReplicatedJobs", Atomic(Schema.String))) with { Required = ["operator"] }),
        ("suspend", Schema.Boolean),
        ("ttlSecondsAfterFinished", Schema.Int32 with { Minimum = 0 }),
        ("volumeClaimPolicies", Atomic(VolumeClaimPolicy) with { MaxItems = 50 }));

    public static Schema Runtime { get; } = Schema.Object(("spec", Schema.Object(
        ("mlPolicy", MLPolicy),
        ("podGroupPolicy", PodGroupPolicy),
        ("template", Schema.Object(("metadata", Metadata), ("spec", JobSetSpec)) with { MinProperties = 1 })) with
    { MinProperties = 1 }));

    /// <summary>A list whose elements are told apart by one field, for patches as for server-side apply.</summary>
    public static Schema MapByKey(Schema items, string key) => Schema.ListOf(items) with { ListType = "map", ListMapKeys = [key], PatchStrategy = "merge", PatchMergeKey = key };

    public static Schema Atomic(Schema items) => Schema.ListOf(items) with { ListType = "atomic" };

    public static Schema Text(int least, int most) => Schema.String with { MinLength = least, MaxLength = most };

    private static Schema Whole => new() { Type = "integer" };

    private static Schema MLPolicy => Schema.Object(
        ("flux", Schema.Object(("numProcPerNode", Schema.Int32 with { DefaultJson = "1" }))),
        ("jax", Schema.Object()),
        ("mpi", Schema.Object(
            ("mpiImplementation", OneOf("OpenMPI", "") with { DefaultJson = "\"OpenMPI\"" }),
            ("numProcPerNode", Schema.Int32 with { DefaultJson = "1" }),
            ("runLauncherAsNode", Schema.Boolean with { DefaultJson = "false" }),
            ("sshAuthMountPath", Schema.String with { MaxLength = 4096, DefaultJson = "\"/root/.ssh\"" }))),
        ("numNodes", Schema.Int32),
        ("torch", Schema.Object(("envInjection", Schema.Object(("targets", MapByKey(InjectionTarget, "jobName") with { MaxItems = 16 }))))),
        ("xgboost", Schema.Object()));

    private static Schema InjectionTarget => Schema.Object(
        ("containerNames", Schema.ListOf(Schema.String with { MaxLength = 63 }) with { ListType = "set", MinItems = 1, MaxItems = 8 }),
        ("jobName", Text(1, 253))) with
    { Required = ["containerNames", "jobName"] };

    private static Schema PodGroupPolicy => Schema.Object(
        ("coscheduling", Schema.Object(("scheduleTimeoutSeconds", Schema.Int32 with { DefaultJson = "60" }))),
        ("volcano", Schema.Object(("networkTopology", Schema.Object(
            ("highestTierAllowed", Whole with { DefaultJson = "1" }),
            ("mode", OneOf("hard", "soft") with { DefaultJson = "\"hard\"" }))))));

    private static Schema FailurePolicy => Schema.Object(
        ("maxRestarts", Schema.Int32),
        ("restartStrategy", OneOf("Recreate", "BlockingRecreate", "InPlaceRestart") with { DefaultJson = "\"Recreate\"" }),
        ("rules", Schema.ListOf(Schema.Object(
            ("action", OneOf("FailJobSet", "RestartJobSet", "RestartJobSetAndIgnoreMaxRestarts", "RestartJob", "RestartJobAndIgnoreMaxRestarts")),
            ("name", Schema.String),
            ("onJobFailureMessagePatterns", Schema.ListOf(Schema.String)),
            ("onJobFailureReasons", Schema.ListOf(Schema.String)),
            ("targetReplicatedJobs", Atomic(Schema.String))) with
        { Required = ["action", "name"] })));

    private static Schema ReplicatedJob => Schema.Object(
        ("dependsOn", MapByKey(Schema.Object(("name", Schema.String), ("status", OneOf("Ready", "Complete"))) with { Required = ["name", "status"] }, "name") with { MaxItems = 5 }),
        ("groupName", Schema.String with { DefaultJson = "\"default\"" }),
        ("name", Schema.String),
        ("replicas", Schema.Int32 with { DefaultJson = "1" }),
        ("template", Schema.Object(("metadata", Metadata), ("spec", JobSpec)))) with
    { Required = ["name", "template"] };

    /// <summary>Kubernetes' job; a pod template embedded in another object has less metadata than a pod has.</summary>
    private static Schema JobSpec
    {
        get
        {
            var job = ClrSchema.Of(typeof(V1JobSpec));
            return job with { DefinitionName = "", Properties = job.Properties.SetItem("template", ClrSchema.Of(typeof(V1PodTemplateSpec))) };
        }
    }

    private static Schema VolumeClaimPolicy => Schema.Object(
        ("retentionPolicy", Schema.Object(("whenDeleted", OneOf("Delete", "Retain") with { DefaultJson = "\"Delete\"" }))),
        ("templates", Atomic(Schema.Object(
            ("apiVersion", Schema.String),
            ("kind", Schema.String),
            ("metadata", Metadata),
            ("spec", ClrSchema.Of(typeof(V1PersistentVolumeClaimSpec))),
            ("status", ClrSchema.Of(typeof(V1PersistentVolumeClaimStatus))))) with
        { MaxItems = 50 }));

    private static Schema OneOf(params ImmutableArray<string> values) => Schema.String with { Enum = values };
}
