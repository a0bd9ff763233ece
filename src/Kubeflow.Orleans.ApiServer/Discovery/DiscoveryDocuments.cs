using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.ApiServer.Discovery;

/// <summary>The discovery documents, plain and aggregated, as Kubernetes shapes them.</summary>
internal static class DiscoveryDocuments
{
    /// <param name="serverAddress">host:port as the client knows it.</param>
    public static JsonObject Versions(string serverAddress) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = serverAddress }),
    };

    public static JsonObject GroupList(ServedApi api) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = List(api.Groups.Where(group => group.Name.Length > 0).Select(GroupEntry)),
    };

    public static JsonObject Group(ServedGroup group)
    {
        var document = new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach (var (name, value) in GroupEntry(group))
        {
            document[name] = value?.DeepClone();
        }

        return document;
    }

    public static JsonObject ResourceList(ServedVersion version) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = version.GroupVersion,
        ["resources"] = List(version.Resources.SelectMany(resource => resource.Subresources.Select(part => SubresourceEntry(version, resource, part)).Prepend(ResourceEntry(resource)))),
    };

    /// <param name="core">The core group (<c>/api</c>) or all others (<c>/apis</c>).</param>
    /// <param name="apiVersion">v2 or v2beta1; they differ in nothing else.</param>
    public static JsonObject Aggregated(ServedApi api, bool core, string apiVersion) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = $"apidiscovery.k8s.io/{apiVersion}",
        ["metadata"] = new JsonObject(),
        ["items"] = List(api.Groups.Where(group => (group.Name.Length == 0) == core).Select(AggregatedGroup)),
    };

    private static JsonObject GroupEntry(ServedGroup group) => new()
    {
        ["name"] = group.Name,
        ["versions"] = List(group.Versions.Select(VersionEntry)),
        ["preferredVersion"] = VersionEntry(group.Versions[0]),
    };

    private static JsonObject VersionEntry(ServedVersion version) => new() { ["groupVersion"] = version.GroupVersion, ["version"] = version.Version };

    private static JsonObject ResourceEntry(ServedResource resource)
    {
        var entry = new JsonObject
        {
            ["name"] = resource.Kind.Plural,
            ["singularName"] = resource.Kind.Singular,
            ["namespaced"] = resource.Kind.Namespaced,
            ["kind"] = resource.Kind.Kind,
            ["verbs"] = Texts(ServedApi.ResourceVerbs),
        };
        AddNames(entry, resource);
        entry["storageVersionHash"] = StorageVersionHash(resource);
        return entry;
    }

    private static JsonObject SubresourceEntry(ServedVersion version, ServedResource resource, ServedSubresource part)
    {
        var entry = new JsonObject { ["name"] = $"{resource.Kind.Plural}/{part.Name}", ["singularName"] = "", ["namespaced"] = resource.Kind.Namespaced };
        if (part.Group != version.Group || part.Version != version.Version)
        {
            entry["group"] = part.Group;
            entry["version"] = part.Version;
        }

        entry["kind"] = part.Kind;
        entry["verbs"] = Texts(part.Verbs);
        return entry;
    }

    private static JsonObject AggregatedGroup(ServedGroup group) => new()
    {
        ["metadata"] = group.Name.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = group.Name },
        ["versions"] = List(group.Versions.Select(version => new JsonObject
        {
            ["version"] = version.Version,
            ["resources"] = List(version.Resources.Select(AggregatedResource)),
            ["freshness"] = "Current",
        })),
    };

    private static JsonObject AggregatedResource(ServedResource resource)
    {
        var entry = new JsonObject
        {
            ["resource"] = resource.Kind.Plural,
            ["responseKind"] = GroupVersionKind(resource.Kind.Group, resource.Version.Name, resource.Kind.Kind),
            ["scope"] = resource.Kind.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Kind.Singular,
            ["verbs"] = Texts(ServedApi.ResourceVerbs),
        };
        AddNames(entry, resource);
        if (!resource.Subresources.IsEmpty)
        {
            entry["subresources"] = List(resource.Subresources.Select(part => new JsonObject
            {
                ["subresource"] = part.Name,
                ["responseKind"] = GroupVersionKind(part.Group, part.Version, part.Kind),
                ["verbs"] = Texts(part.Verbs),
            }));
        }

        return entry;
    }

    private static void AddNames(JsonObject entry, ServedResource resource)
    {
        if (!resource.Kind.ShortNames.IsEmpty)
        {
            entry["shortNames"] = Texts(resource.Kind.ShortNames);
        }

        if (!resource.Kind.Categories.IsEmpty)
        {
            entry["categories"] = Texts(resource.Kind.Categories);
        }
    }

    private static string StorageVersionHash(ServedResource resource)
    {
        var stored = $"{resource.Kind.Group}/{resource.Kind.Versions[0].Name}/{resource.Kind.Kind}";
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(stored)).AsSpan(0, 8));
    }

    private static JsonObject GroupVersionKind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray List(IEnumerable<JsonObject> items) => [.. items];

    private static JsonArray Texts(ImmutableArray<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
