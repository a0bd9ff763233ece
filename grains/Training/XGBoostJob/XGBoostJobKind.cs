using System.Collections.Immutable;
using System.Text.Json;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.Grains.Training.XGBoostJob;

/// <summary>XGBoost and LightGBM jobs: a master, the tracker of the others, and workers.</summary>
internal sealed class XGBoostJobKind : TrainingKind
{
    public override string Kind => "XGBoostJob";

    public override string ReplicaSpecsField => "xgbReplicaSpecs";

    public override ImmutableArray<string> Roles => [Master, Worker];

    public override string ContainerName => "xgboost";

    public override string PortName => "xgboostjob-port";

    public override int Port => 9999;

    public override string DefaultRestartPolicy => "Never";

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec) =>
    [
        .. TrainingValidation.KnownRolesOnly(this, spec),
        .. TrainingValidation.OneMaster(this, spec),
        .. ValidateMaster(spec.Get(ReplicaSpecsField)),
    ];

    private IEnumerable<FieldError> ValidateMaster(JsonElement replicaSpecs) =>
        replicaSpecs.IsPresent() && !replicaSpecs.Get(Master).IsPresent() ? [FieldError.Required($"spec.{ReplicaSpecsField}[{Master}]", "must be present")] : [];
}
