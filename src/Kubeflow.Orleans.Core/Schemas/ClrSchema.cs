using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json.Serialization;
using k8s.Models;

namespace Kubeflow.Orleans.Core.Schemas;

/// <summary>
/// The schemas of Kubernetes' own types, read off KubernetesClient's models: what a pod looks like is Kubernetes' knowledge, not ours.
/// What the models do not say (merge keys, required references, defaults) stands in <see cref="FieldTraits"/>.
/// Nothing is generated before it is asked for; each type is generated once.
/// </summary>
public static class ClrSchema
{
    // Types are constants of the process, so what is derived from them is too.
    private static readonly ConcurrentDictionary<Type, Schema> Schemas = new();

    private static readonly Schema PortOrName = new() { IntOrString = true };

    private static readonly Lazy<Schema> EmbeddedPodTemplate = new(() =>
        Schema.Object(("metadata", EmbeddedMetadata()), ("spec", Of(typeof(V1PodSpec)))));

    /// <summary>
    /// The schema of a model type. A pod template asked for directly is one embedded in a custom resource: there, as in the
    /// upstream CRDs, its metadata is pruned to labels, annotations, finalizers, name and namespace.
    /// </summary>
    public static Schema Of(Type type) => type == typeof(V1PodTemplateSpec) ? EmbeddedPodTemplate.Value : Build(type, ImmutableHashSet<Type>.Empty);

    private static Schema EmbeddedMetadata() => Schema.Object(
        ("annotations", Schema.MapOf(Schema.String)),
        ("finalizers", Schema.ListOf(Schema.String)),
        ("labels", Schema.MapOf(Schema.String)),
        ("name", Schema.String),
        ("namespace", Schema.String));

    private static Schema Build(Type type, ImmutableHashSet<Type> above) =>
        Scalar(type) ?? Collection(type, above) ?? Schemas.GetValueOrDefault(type) ?? Recursion(type, above) ?? Schemas.GetOrAdd(type, BuildObject(type, above));

    private static Schema? Scalar(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var plain when plain == typeof(string) => Schema.String,
        var plain when plain == typeof(bool) => Schema.Boolean,
        var plain when plain == typeof(int) => Schema.Int32,
        var plain when plain == typeof(long) => Schema.Int64,
        var plain when plain == typeof(double) => Schema.Number,
        var plain when plain == typeof(DateTime) => Schema.Time,
        var plain when plain == typeof(byte[]) => Schema.Bytes,
        var plain when plain == typeof(ResourceQuantity) => Schema.Quantity,
        var plain when plain == typeof(IntOrString) => PortOrName,
        var plain when plain == typeof(object) => Schema.Anything,
        _ => null,
    };

    private static Schema? Collection(Type type, ImmutableHashSet<Type> above)
    {
        if (!type.IsGenericType)
        {
            return null;
        }

        var arguments = type.GetGenericArguments();
        return arguments switch
        {
            [var item] => Schema.ListOf(Build(item, above)),
            [_, var value] => Schema.MapOf(Build(value, above)),
            _ => Schema.Anything,
        };
    }

    /// <summary>Only JSON schemas and their like contain themselves; below the first level they are taken as they come.</summary>
    private static Schema? Recursion(Type type, ImmutableHashSet<Type> above) => above.Contains(type) ? Schema.FreeObject : null;

    private static Schema BuildObject(Type type, ImmutableHashSet<Type> above)
    {
        var below = above.Add(type);
        var properties = ImmutableDictionary.CreateBuilder<string, Schema>(StringComparer.Ordinal);
        var required = new SortedSet<string>(FieldTraits.RequiredOf(type), StringComparer.Ordinal);
        foreach (var property in type.GetProperties())
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is not { } name)
            {
                continue;
            }

            properties[name] = FieldTraits.Decorate(type, name, Build(property.PropertyType, below));
            if (property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null)
            {
                required.Add(name);
            }
        }

        return new Schema
        {
            Type = "object",
            DefinitionName = DefinitionNames.Of(type),
            Properties = properties.ToImmutable(),
            Required = [.. required],
            MapType = FieldTraits.IsAtomic(type) ? "atomic" : "",
        };
    }
}
