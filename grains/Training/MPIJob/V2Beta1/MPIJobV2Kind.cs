using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training.MPIJob.V2Beta1;

/// <summary>MPI jobs of <c>kubeflow.org/v2beta1</c>: a launcher runs mpirun, which starts processes in the workers over SSH.</summary>
internal sealed partial class MPIJobV2Kind : TrainingKind
{
    public const string Launcher = "Launcher";

    private const int LongestLabel = 63;
    private const string NotNegative = "must be greater than or equal to 0";

    private static readonly string[] RestartPolicies = ["Never", "OnFailure"];
    private static readonly string[] CleanPodPolicies = ["None", "Running", "All"];

    public override string Version => "v2beta1";

    public override string Kind => "MPIJob";

    public override string ReplicaSpecsField => "mpiReplicaSpecs";

    public override ImmutableArray<string> Roles => [Launcher, Worker];

    public override string OperatorName => "mpi-operator";

    public override string Manager => "kubeflow.org/mpi-operator";

    public override string ContainerName => "";

    public override string PortName => "";

    public override int Port => 0;

    public override string DefaultRestartPolicy => "Never";

    public override string DefaultRestartPolicyOf(string role) => role == Launcher ? "OnFailure" : "Never";

    public override int DefaultReplicasOf(string role) => role == Worker ? 0 : 1;

    public override bool IsSingle(string role) => role == Launcher;

    public override bool HasServices => false;

    public override ImmutableArray<(string Name, Schema Schema)> SpecFields =>
    [
        ("launcherCreationPolicy", Schema.String with { DefaultJson = "\"AtStartup\"" }),
        ("mpiImplementation", Schema.String with { DefaultJson = $"\"{MPIImplementation.OpenMPI}\"", Enum = [MPIImplementation.OpenMPI, MPIImplementation.Intel, MPIImplementation.MPICH] }),
        ("runLauncherAsWorker", Schema.Boolean with { DefaultJson = "false" }),
        ("slotsPerWorker", Schema.Int32 with { DefaultJson = "1" }),
        ("sshAuthMountPath", Schema.String with { DefaultJson = $"\"{SshAccess.RootPath}\"" }),
    ];

    protected override ImmutableArray<PrinterColumn> Columns => [];

    /// <summary>As of every training job, but there is one condition of a type.</summary>
    protected override Schema Schema
    {
        get
        {
            var whole = base.Schema;
            var status = whole.Properties["status"];
            var conditions = status.Properties["conditions"];
            var condition = conditions.Items!;
            var states = condition with { Properties = condition.Properties.SetItem("status", Schema.String with { Enum = ["True", "False", "Unknown"] }) };
            var byType = conditions with { Items = states, ListType = "map", ListMapKeys = ["type"] };
            return whole with { Properties = whole.Properties.SetItem("status", status with { Properties = status.Properties.SetItem("conditions", byType) }) };
        }
    }

    /// <summary>The name begins the host names of the workers, and the longest of these must be one.</summary>
    public IEnumerable<FieldError> ValidateName(string name, JsonElement spec)
    {
        var last = Math.Max(spec.Get(ReplicaSpecsField, Worker).Integer("replicas") ?? 1, 1) - 1;
        var host = $"{name}-worker-{last}";
        var problem = !HostLabel().IsMatch(host)
            ? "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
            : host.Length > LongestLabel ? $"must be no more than {LongestLabel} characters" : null;
        return problem is null ? [] : [FieldError.Invalid("metadata.name", JsonSerializer.Serialize(name), $"will not able to create pod and service with invalid DNS label \"{host}\": {problem}")];
    }

    protected override IEnumerable<FieldError> ValidateSpec(JsonElement spec)
    {
        if (spec.Integer("slotsPerWorker") < 0)
        {
            yield return FieldError.Invalid("spec.slotsPerWorker", TrainingValidation.Json(spec.Get("slotsPerWorker")), NotNegative);
        }

        if (spec.Text("sshAuthMountPath") is not { Length: > 0 })
        {
            yield return FieldError.Required("spec.sshAuthMountPath", "must have a mount path for SSH credentials");
        }

        if (spec.Get("runPolicy", "cleanPodPolicy") is { ValueKind: JsonValueKind.String } policy && !CleanPodPolicies.Contains(policy.GetString()))
        {
            yield return FieldError.NotSupported("spec.runPolicy.cleanPodPolicy", TrainingValidation.Json(policy), CleanPodPolicies);
        }

        foreach (var error in ValidateReplicas(spec.Get(ReplicaSpecsField)))
        {
            yield return error;
        }
    }

    /// <summary>Here nothing is fixed for good.</summary>
    protected override IEnumerable<FieldError> ValidateUpdate(JsonElement spec, JsonElement old) => [];

    private IEnumerable<FieldError> ValidateReplicas(JsonElement replicaSpecs)
    {
        var path = $"spec.{ReplicaSpecsField}";
        var (launcher, workers) = (replicaSpecs.Get(Launcher), replicaSpecs.Get(Worker));
        if (!launcher.IsPresent())
        {
            yield return FieldError.Required($"{path}[{Launcher}]", "must have Launcher replica spec");
        }
        else if ((launcher.Integer("replicas") ?? 1) != 1)
        {
            yield return FieldError.Invalid($"{path}[{Launcher}].replicas", TrainingValidation.Json(launcher.Get("replicas")), "must be 1");
        }

        if (workers.IsPresent() && (workers.Integer("replicas") ?? 0) < 1)
        {
            yield return FieldError.Invalid($"{path}[{Worker}].replicas", $"{workers.Integer("replicas") ?? 0}", "must be greater than or equal to 1");
        }

        foreach (var role in Roles.Where(role => replicaSpecs.Get(role).Text("restartPolicy") is { Length: > 0 } policy && !RestartPolicies.Contains(policy)))
        {
            yield return FieldError.NotSupported($"{path}[{role}].restartPolicy", TrainingValidation.Json(replicaSpecs.Get(role, "restartPolicy")), RestartPolicies);
        }
    }

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex HostLabel();
}
