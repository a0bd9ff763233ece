using System.Collections.Frozen;

namespace Kubeflow.Orleans.Core.Kinds;

/// <summary>All kinds registered in this process.</summary>
public sealed class KindCatalog
{
    private readonly FrozenDictionary<string, ResourceKind> byResource;
    private readonly FrozenDictionary<(string Group, string Kind), ResourceKind> byKind;

    public KindCatalog(IEnumerable<ResourceKind> kinds)
    {
        All = [.. kinds.OrderBy(kind => kind.Resource, StringComparer.Ordinal)];
        byResource = All.ToFrozenDictionary(kind => kind.Resource, StringComparer.Ordinal);
        byKind = All.ToFrozenDictionary(kind => (kind.Group, kind.Kind));
    }

    public IReadOnlyList<ResourceKind> All { get; }

    /// <param name="resource"><c>plural.group</c>, or <c>plural</c> in the core group.</param>
    public ResourceKind? Find(string resource) => byResource.GetValueOrDefault(resource);

    public ResourceKind? Find(string group, string plural) => Find(group.Length == 0 ? plural : $"{plural}.{group}");

    /// <summary>Finds a kind by what an owner reference says of it.</summary>
    public ResourceKind? FindByApiVersion(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        return byKind.GetValueOrDefault((slash < 0 ? "" : apiVersion[..slash], kind));
    }
}
