using System.Collections.Immutable;
using System.Text.Json;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>PyTorch jobs: a master and workers, or workers alone that meet by themselves (torchrun, elastic).</summary>
internal sealed class PyTorchJobKind : TrainingKind
{
    public override string Kind => "PyTorchJob";

    public override string ReplicaSpecsField => "pytorchReplicaSpecs";

    public override ImmutableArray<string> Roles => [Master, Worker];

    public override string ContainerName => "pytorch";

    public override string PortName => "pytorchjob-port";

    public override int Port => 23456;

    public override string DefaultRestartPolicy => "OnFailure";

    public override string DeletedEventReason => "SuccessfulDeletePod";

    public override ScaleSubresource Scale { get; } = ScaleOfWorkers("pytorchReplicaSpecs");

    public override ImmutableArray<(string Name, Schema Schema)> SpecFields =>
    [
        ("elasticPolicy", Schema.Object(
        [
            .. TrainingSchema.ElasticFields,
            ("nProcPerNode", Schema.Int32),
            ("rdzvBackend", Schema.String),
            ("rdzvConf", Schema.ListOf(Schema.Object(("key", Schema.String), ("value", Schema.String)))),
            ("rdzvHost", Schema.String),
            ("rdzvId", Schema.String),
            ("rdzvPort", Schema.Int32),
            ("standalone", Schema.Boolean),
        ])),
        ("nprocPerNode", Schema.String),
    ];

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec)
    {
        var replicaSpecs = spec.Get(ReplicaSpecsField);
        return
        [
            .. TrainingValidation.KnownRolesOnly(this, spec),
            .. TrainingValidation.OneMaster(this, spec),
            .. ValidateWorkers(replicaSpecs.Get(Worker)),
            .. ValidateElasticPolicy(spec, replicaSpecs),
        ];
    }

    protected override IEnumerable<string> SpecWarnings(JsonElement spec) =>
        spec.Get("elasticPolicy", "nProcPerNode").IsPresent() ? ["spec.elasticPolicy.nProcPerNode is deprecated, use spec.nprocPerNode instead"] : [];

    private IEnumerable<FieldError> ValidateWorkers(JsonElement workers) =>
        workers.Integer("replicas") < 1 ? [FieldError.Forbidden($"spec.{ReplicaSpecsField}[{Worker}].replicas", "must be at least 1")] : [];

    private IEnumerable<FieldError> ValidateElasticPolicy(JsonElement spec, JsonElement replicaSpecs)
    {
        var elasticPolicy = spec.Get("elasticPolicy");
        if (elasticPolicy.IsPresent() && !replicaSpecs.Get(Worker).IsPresent())
        {
            yield return FieldError.Required($"spec.{ReplicaSpecsField}[{Worker}]", "must be configured if elastic policy is used");
        }

        if (TrainingValidation.Unreadable<List<V2MetricSpec>>(elasticPolicy.Get("metrics")) is { } reason)
        {
            yield return FieldError.Invalid("spec.elasticPolicy.metrics", "\"...\"", $"is no list of metrics: {reason}");
        }

        if (elasticPolicy.Get("nProcPerNode").IsPresent() && spec.Get("nprocPerNode").IsPresent())
        {
            yield return FieldError.Forbidden("spec.elasticPolicy.nProcPerNode", "must not be used with spec.nprocPerNode");
        }
    }
}
