using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.PaddleJob;

/// <summary>PaddlePaddle jobs: workers alone train collectively, masters beside them are parameter servers.</summary>
internal sealed class PaddleJobKind : TrainingKind
{
    public override string Kind => "PaddleJob";

    public override string ReplicaSpecsField => "paddleReplicaSpecs";

    public override ImmutableArray<string> Roles => [Master, Worker];

    public override string ContainerName => "paddle";

    public override string PortName => "master";

    public override int Port => 36543;

    public override string DefaultRestartPolicy => "OnFailure";

    public override string DeletedEventReason => "SuccessfulDeletePod";

    public override ScaleSubresource Scale { get; } = ScaleOfWorkers("paddleReplicaSpecs");

    /// <summary>The elastic policy is accepted and kept; as upstream, nothing follows from it.</summary>
    public override ImmutableArray<(string Name, Schema Schema)> SpecFields => [("elasticPolicy", Schema.Object([.. TrainingSchema.ElasticFields]))];

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec) => TrainingValidation.KnownRolesOnly(this, spec);
}
