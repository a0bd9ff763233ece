using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.TFJob;

/// <summary>TensorFlow jobs. Roles beyond these are accepted: they get pods but have no say in the job's fate.</summary>
internal sealed class TFJobKind : TrainingKind
{
    public const string Chief = "Chief";
    public const string Evaluator = "Evaluator";
    public const string ParameterServer = "PS";

    public override string Kind => "TFJob";

    public override string ReplicaSpecsField => "tfReplicaSpecs";

    public override ImmutableArray<string> Roles => [Chief, Evaluator, Master, ParameterServer, Worker];

    public override string ContainerName => "tensorflow";

    public override string PortName => "tfjob-port";

    public override int Port => 2222;

    public override string DefaultRestartPolicy => "Never";

    public override ImmutableArray<(string Name, Schema Schema)> SpecFields =>
    [
        ("enableDynamicWorker", Schema.Boolean),
        ("successPolicy", Schema.String),
    ];

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec)
    {
        if (spec.Get(ReplicaSpecsField).Members().Count(member => RoleOf(member.Name) is Chief or Master) > 1)
        {
            yield return FieldError.Forbidden($"spec.{ReplicaSpecsField}", "must not have more than 1 Chief or Master role");
        }
    }
}
