using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V1;

/// <summary>MPI jobs of <c>kubeflow.org/v1</c>: a launcher runs mpirun, which starts processes in the workers with <c>kubectl exec</c>.</summary>
internal sealed class MPIJobV1Kind : TrainingKind
{
    public const string Launcher = "Launcher";

    public override string Kind => "MPIJob";

    public override string ReplicaSpecsField => "mpiReplicaSpecs";

    public override ImmutableArray<string> Roles => [Launcher, Worker];

    public override string ContainerName => "";

    public override string PortName => "mpi-port";

    public override int Port => 9999;

    public override string DefaultRestartPolicy => "Never";

    public override int DefaultReplicasOf(string role) => role == Worker ? 0 : 1;

    public override bool IsSingle(string role) => role == Launcher;

    public override bool HasServices => false;

    public override bool RestrictsManagers => false;

    public override NameRule NameRule => NameRule.DnsSubdomain;

    /// <summary>Upstream builds this reason twice over, and programs know it so.</summary>
    public override string FailedSuffix => "MPIJobFailed";

    public override ImmutableArray<(string Name, Schema Schema)> SpecFields =>
    [
        ("cleanPodPolicy", Schema.String),
        ("mainContainer", Schema.String),
        ("slotsPerWorker", Schema.Int32),
    ];

    protected override ImmutableArray<PrinterColumn> Columns => [Age, State];

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec)
    {
        var path = $"spec.{ReplicaSpecsField}";
        var replicaSpecs = spec.Get(ReplicaSpecsField);
        foreach (var role in replicaSpecs.Members().Select(member => member.Name).Where(role => !Roles.Contains(role)))
        {
            yield return FieldError.Invalid($"{path}[{role}]", JsonSerializer.Serialize(role), $"MPIReplicaType is {role} but must be one of [{string.Join(' ', Roles)}]");
        }

        if (!replicaSpecs.Get(Launcher).IsPresent())
        {
            yield return FieldError.Required($"{path}[{Launcher}]", "MPIReplicaSpec is not valid: Master ReplicaSpec must be present");
        }
        else if ((replicaSpecs.Get(Launcher).Integer("replicas") ?? 1) != 1)
        {
            yield return FieldError.Invalid(
                $"{path}[{Launcher}].replicas", TrainingValidation.Json(replicaSpecs.Get(Launcher, "replicas")), "MPIReplicaSpec is not valid: There must be only 1 launcher replica");
        }
    }
}
