using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.ApiServer.Resources;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.ApiServer.Discovery;

/// <summary>A group and its versions, the preferred one first.</summary>
internal sealed record ServedGroup(string Name, ImmutableArray<ServedVersion> Versions);

/// <summary>One version of a group with all that is served under it, by plural.</summary>
internal sealed record ServedVersion(string Group, string Version, ImmutableArray<ServedResource> Resources)
{
    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>A kind in one version.</summary>
internal sealed record ServedResource(ResourceKind Kind, KindVersion Version, ImmutableArray<ServedSubresource> Subresources);

/// <summary>A subresource; group, version and kind are those of the objects it speaks.</summary>
internal sealed record ServedSubresource(string Name, string Group, string Version, string Kind, ImmutableArray<string> Verbs);

/// <summary>What this server serves: the registered kinds and subresources arranged as groups and versions, in the order clients prefer.</summary>
internal sealed partial class ServedApi(KindCatalog catalog, IEnumerable<ISubresource> subresources)
{
    public static ImmutableArray<string> ResourceVerbs { get; } = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private static readonly ImmutableArray<string> PartVerbs = ["get", "patch", "update"];

    private readonly ILookup<string, ISubresource> subresources = subresources.ToLookup(subresource => subresource.Resource, StringComparer.Ordinal);

    /// <summary>Kubernetes' own groups before ours, so that a name both have means Kubernetes' resource; the core group first.</summary>
    public ImmutableArray<ServedGroup> Groups => field.IsDefault
        ? field =
        [
            .. catalog.All.GroupBy(kind => kind.Group)
                .OrderByDescending(group => group.Any(kind => kind is IBuiltInKind))
                .ThenBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new ServedGroup(group.Key, Versions(group.Key, group))),
        ]
        : field;

    public ServedGroup? Find(string group) => Groups.FirstOrDefault(served => served.Name == group);

    public ServedVersion? Find(string group, string version) => Find(group)?.Versions.FirstOrDefault(served => served.Version == version);

    private ImmutableArray<ServedVersion> Versions(string group, IEnumerable<ResourceKind> kinds) =>
    [
        .. kinds.SelectMany(kind => kind.Versions.Select(version => Resource(kind, version)))
            .GroupBy(resource => resource.Version.Name)
            .OrderByDescending(version => Priority(version.Key))
            .Select(version => new ServedVersion(group, version.Key, [.. version.OrderBy(resource => resource.Kind.Plural, StringComparer.Ordinal)])),
    ];

    private ServedResource Resource(ResourceKind kind, KindVersion version)
    {
        var parts = subresources[kind.Resource].Select(part => new ServedSubresource(part.Name, kind.Group, version.Name, part.Kind, part.Verbs)).ToList();
        if (kind.HasStatus)
        {
            parts.Add(new ServedSubresource("status", kind.Group, version.Name, kind.Kind, PartVerbs));
        }

        if (kind.Scale is not null)
        {
            parts.Add(new ServedSubresource("scale", "autoscaling", "v1", "Scale", PartVerbs));
        }

        return new ServedResource(kind, version, [.. parts.OrderBy(part => part.Name, StringComparer.Ordinal)]);
    }

    /// <summary>Kubernetes' order of versions: v2, v1, v2beta1, v1beta1, v1alpha1.</summary>
    private static (int Stability, int Major, int Minor) Priority(string version)
    {
        var match = VersionName().Match(version);
        var stability = match.Groups["stage"].Value switch { "" => 2, "beta" => 1, _ => 0 };
        return match.Success ? (stability, Number(match.Groups["major"]), Number(match.Groups["minor"])) : (-1, 0, 0);
    }

    private static int Number(Group group) => int.TryParse(group.Value, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex("^v(?<major>[0-9]+)((?<stage>alpha|beta)(?<minor>[0-9]+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionName();
}
