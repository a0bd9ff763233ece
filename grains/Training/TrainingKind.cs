using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>What the kinds of <c>kubeflow.org/v1</c> training jobs share; a kind adds its names, its roles and its own fields.</summary>
internal abstract class TrainingKind : ResourceKind, IReconciledKind, IReportsProgress
{
    private readonly Lazy<ImmutableArray<KindVersion>> versions;

    protected TrainingKind() => versions = new(() => [new KindVersion(Version, Schema, Columns)]);

    /// <summary>Roles most frameworks have.</summary>
    public const string Master = "Master";
    public const string Worker = "Worker";

    /// <summary>The version of the group in which it is this kind of job.</summary>
    public virtual string Version => "v1";

    public override string Group => "kubeflow.org";

    public override string Plural => Singular + "s";

    /// <summary>A job's name begins the names of its services.</summary>
    public override NameRule NameRule => NameRule.Dns1035Label;

    public override ImmutableArray<KindVersion> Versions => versions.Value;

    /// <summary>The field of the spec that maps roles to replicas, for example <c>tfReplicaSpecs</c>.</summary>
    public abstract string ReplicaSpecsField { get; }

    /// <summary>The roles in the order they are looked at.</summary>
    public abstract ImmutableArray<string> Roles { get; }

    /// <summary>The container whose exit code and ports speak for the replica; empty: the first one, whatever its name.</summary>
    public abstract string ContainerName { get; }

    public abstract string PortName { get; }

    public abstract int Port { get; }

    public abstract string DefaultRestartPolicy { get; }

    public virtual string DefaultRestartPolicyOf(string role) => DefaultRestartPolicy;

    public virtual int DefaultReplicasOf(string role) => 1;

    /// <summary>A role of just one replica, whose pod goes without a number.</summary>
    public virtual bool IsSingle(string role) => false;

    /// <summary>Each replica is reached by a service of its own, at the framework's port.</summary>
    public virtual bool HasServices => true;

    /// <summary>The <c>managedBy</c> value that means us; other values belong to other controllers.</summary>
    public virtual string Manager => RunPolicy.Ours;

    /// <summary>What the reason of the condition Failed says behind the kind's name.</summary>
    public virtual string FailedSuffix => JobCondition.Failed;

    /// <summary>The fields of the spec beside the replicas and the run policy.</summary>
    public virtual ImmutableArray<(string Name, Schema Schema)> SpecFields => [];

    protected virtual Schema Schema => TrainingSchema.Of(this);

    /// <summary>Only the managers known upstream may be named, and they stay.</summary>
    public virtual bool RestrictsManagers => true;

    /// <summary>The value of the label <c>training.kubeflow.org/operator-name</c>; other systems select pods by it.</summary>
    public virtual string OperatorName => Singular + "-controller";

    /// <summary>The reason of the event that says the job was deleted when its time to live was over.</summary>
    public virtual string DeletedEventReason => "SuccessfulDeleteJob";

    protected static PrinterColumn State { get; } = new("State", "string", JsonPath.Parse(".status.conditions[-1:].type"));

    protected static PrinterColumn Age { get; } = new("Age", "date", JsonPath.Parse(".metadata.creationTimestamp"));

    protected virtual ImmutableArray<PrinterColumn> Columns => [State, Age];

    public bool Concerns(JsonElement document) => !new RunPolicy(document.Get("spec"), Manager).IsManagedElsewhere;

    /// <summary>The role as this kind spells it; a name it does not know stays as it is.</summary>
    public string RoleOf(string name) => Roles.FirstOrDefault(role => role.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    public sealed override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old)
    {
        var spec = ReadSpec(document);
        return [.. TrainingValidation.Validate(this, spec), .. ValidateSpec(spec), .. old is null ? [] : ValidateUpdate(spec, ReadSpec(old))];
    }

    public sealed override IEnumerable<string> Warnings(JsonObject document)
    {
        var current = Document.FromNode(document);
        return [.. TrainingValidation.Warnings(new TrainingJob(this, current)), .. new JobAnnotations(current.Metadata.Annotations).Warnings(), .. SpecWarnings(current.Root.Get("spec"))];
    }

    /// <summary>The rules of this kind alone.</summary>
    protected abstract IEnumerable<FieldError> ValidateSpec(JsonElement spec);

    protected virtual IEnumerable<FieldError> ValidateUpdate(JsonElement spec, JsonElement old) => TrainingValidation.ValidateUpdate(this, spec, old);

    protected virtual IEnumerable<string> SpecWarnings(JsonElement spec) => [];

    /// <summary>The number of workers as what autoscalers read and change.</summary>
    protected static ScaleSubresource ScaleOfWorkers(string replicaSpecsField) => new(
        JsonPath.Parse($".spec.{replicaSpecsField}.{Worker}.replicas"),
        JsonPath.Parse($".status.replicaStatuses.{Worker}.active"),
        JsonPath.Parse($".status.replicaStatuses.{Worker}.selector"));

    private static JsonElement ReadSpec(JsonObject document) => Document.FromNode(document).Root.Get("spec");
}
