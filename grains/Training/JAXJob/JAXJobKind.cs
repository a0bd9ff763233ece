using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.Grains.Training.JAXJob;

/// <summary>JAX jobs: workers alone, the first of them coordinates.</summary>
internal sealed class JAXJobKind : TrainingKind
{
    public override string Kind => "JAXJob";

    public override string ReplicaSpecsField => "jaxReplicaSpecs";

    public override ImmutableArray<string> Roles => [Worker];

    public override string ContainerName => "jax";

    public override string PortName => "jaxjob-port";

    public override int Port => 6666;

    public override string DefaultRestartPolicy => "Never";

    public override string DeletedEventReason => "SuccessfulDeletePod";

    public override bool RestrictsManagers => false;

    public override ScaleSubresource Scale { get; } = ScaleOfWorkers("jaxReplicaSpecs");

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec) => TrainingValidation.KnownRolesOnly(this, spec);
}
