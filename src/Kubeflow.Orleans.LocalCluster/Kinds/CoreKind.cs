using System.Collections.Immutable;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Schemas;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>
/// A kind of Kubernetes itself, one version, its schema taken from the KubernetesClient model. The schema is built when it is first
/// asked for: most runs never touch most kinds.
/// </summary>
public abstract class CoreKind(Type model) : ResourceKind, IBuiltInKind
{
    private readonly Lock gate = new();
    private ImmutableArray<KindVersion> versions;

    public override string Group => "";

    public override bool HasStatus => false;

    public virtual bool RequiresResourceVersion => false;

    public virtual bool CreateOnUpdate => false;

    public virtual bool StatusOnCreate => false;

    public virtual bool HasGeneration => false;

    public override ImmutableArray<KindVersion> Versions
    {
        get
        {
            lock (gate)
            {
                return versions.IsDefault ? versions = [new KindVersion(Version, ClrSchema.Of(model), Columns)] : versions;
            }
        }
    }

    protected virtual string Version => "v1";

    /// <summary>The columns after NAME.</summary>
    protected abstract ImmutableArray<PrinterColumn> Columns { get; }

    /// <summary>A column whose cell the kind computes itself (<see cref="ITableRows"/>).</summary>
    protected static PrinterColumn Computed(string name, string type = "string", int priority = 0) => new(name, type, Root, priority);

    protected static PrinterColumn Column(string name, string path, string type = "string", int priority = 0) => new(name, type, JsonPath.Parse(path), priority);

    protected static PrinterColumn Age { get; } = new("Age", "date", JsonPath.Parse(".metadata.creationTimestamp"));

    protected static ImmutableDictionary<string, JsonPath> Selectable(params ReadOnlySpan<string> fields)
    {
        var builder = ImmutableDictionary.CreateBuilder<string, JsonPath>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            builder[field] = JsonPath.Parse("." + field);
        }

        return builder.ToImmutable();
    }

    private static JsonPath Root { get; } = JsonPath.Parse("");
}
