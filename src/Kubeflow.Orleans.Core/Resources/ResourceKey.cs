namespace Kubeflow.Orleans.Core.Resources;

/// <summary>
/// The identity of one stored object: its resource ("tfjobs.kubeflow.org", core resources just "pods"), namespace (empty when
/// cluster scoped) and name. Versions of a kind share one key, as they share one stored document.
/// </summary>
public readonly record struct ResourceKey(string Resource, string Namespace, string Name) : IComparable<ResourceKey>
{
    /// <summary>Parses the form written by <see cref="ToString"/>: <c>resource/namespace/name</c>.</summary>
    public static ResourceKey Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 3
            ? new ResourceKey(parts[0], parts[1], parts[2])
            : throw new FormatException($"'{text}' is no resource key; it looks like tfjobs.kubeflow.org/default/mnist.");
    }

    /// <summary>The order lists are served in: bytewise by resource, namespace, name.</summary>
    public int CompareTo(ResourceKey other)
    {
        var order = string.CompareOrdinal(Resource, other.Resource);
        if (order == 0)
        {
            order = string.CompareOrdinal(Namespace, other.Namespace);
        }

        return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
    }

    public override string ToString() => $"{Resource}/{Namespace}/{Name}";

    public static bool operator <(ResourceKey left, ResourceKey right) => left.CompareTo(right) < 0;

    public static bool operator >(ResourceKey left, ResourceKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(ResourceKey left, ResourceKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ResourceKey left, ResourceKey right) => left.CompareTo(right) >= 0;
}
