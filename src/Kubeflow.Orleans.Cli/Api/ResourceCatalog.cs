using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Cli.Api;

/// <summary>Everything the server serves, in its order of preference.</summary>
internal sealed class ResourceCatalog(ImmutableArray<ResourceType> types)
{
    public ImmutableArray<ResourceType> Types { get; } = types;

    public ResourceType Pods => FindKind("v1", "Pod") ?? throw new FailureException("The control plane serves no pods.");

    public static async Task<ResourceCatalog> DiscoverAsync(ApiClient client, CancellationToken cancellationToken)
    {
        var groups = await client.GetAsync("/apis", cancellationToken);
        var versions = Items(groups, "groups").SelectMany(group => Items(group, "versions")).Select(version => Text(version, "groupVersion"));
        var lists = await Task.WhenAll(versions.Select(version => ($"/apis/{version}", version)).Prepend(("/api/v1", "v1"))
            .Select(async source => ReadVersion(source.Item2, await client.GetAsync(source.Item1, cancellationToken))));
        return new ResourceCatalog([.. lists.SelectMany(list => list)]);
    }

    /// <summary>The kind a manifest names; null when it is not served.</summary>
    public ResourceType? FindKind(string apiVersion, string kind) => Types.FirstOrDefault(type => type.ApiVersion == apiVersion && type.Kind == kind);

    /// <summary>The resource a person names on the command line.</summary>
    public ResourceType Require(string name) => Types.FirstOrDefault(type => type.IsCalled(name)) ?? throw new FailureException(
        $"The control plane serves nothing called '{name}'.", ExitCode.Refused, $"It serves: {string.Join(", ", Types.Select(type => type.Plural).Distinct().Order())}.");

    /// <summary>The members of a category such as <c>all</c>; empty when there is no such category.</summary>
    public ImmutableArray<ResourceType> InCategory(string category) => [.. Types.Where(type => type.Categories.Contains(category))];

    internal static IEnumerable<ResourceType> ReadVersion(string groupVersion, JsonObject list)
    {
        var slash = groupVersion.IndexOf('/');
        var (group, version) = slash < 0 ? ("", groupVersion) : (groupVersion[..slash], groupVersion[(slash + 1)..]);
        return Items(list, "resources").Where(resource => !Text(resource, "name").Contains('/')).Select(resource =>
            new ResourceType(group, version, Text(resource, "name"), Text(resource, "kind"), resource["namespaced"]?.GetValue<bool>() ?? false)
            {
                Singular = Text(resource, "singularName"),
                ShortNames = Words(resource, "shortNames"),
                Categories = Words(resource, "categories"),
            });
    }

    private static IEnumerable<JsonObject> Items(JsonObject node, string name) => (node[name] as JsonArray ?? []).OfType<JsonObject>();

    private static ImmutableArray<string> Words(JsonObject node, string name) => [.. (node[name] as JsonArray ?? []).Select(item => item!.GetValue<string>())];

    private static string Text(JsonObject node, string name) => node[name]?.GetValue<string>() ?? "";
}
