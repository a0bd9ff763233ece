using System.Collections.Immutable;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.Core.Kinds;

namespace Kubeflow.Orleans.ApiServer.OpenApi;

/// <summary>The URLs of one resource in one version, with their operations.</summary>
internal sealed class ResourcePaths(ServedVersion version, ServedResource resource, string definition)
{
    private const string Status = DefinitionSet.MetaPrefix + "Status";

    private readonly ResourceKind kind = resource.Kind;
    private readonly ObjectType type = new(version.Group, version.Version, resource.Kind.Kind);
    private readonly string root = $"/{(version.Group.Length == 0 ? "api" : "apis")}/{version.GroupVersion}";
    private readonly string scope = resource.Kind.Namespaced ? "Namespaced" : "";

    /// <summary><c>KubeflowOrgV1</c>, the middle of operation ids.</summary>
    private readonly string owner = string.Concat((version.Group.Length == 0 ? "core" : version.Group).Split('.', '-').Append(version.Version).Select(Capitalized));

    public IEnumerable<ApiPath> All()
    {
        var collection = kind.Namespaced ? $"{root}/namespaces/{{namespace}}/{kind.Plural}" : $"{root}/{kind.Plural}";
        ImmutableArray<ApiParameter> inScope = kind.Namespaced ? [ApiParameters.Namespace, ApiParameters.Pretty] : [ApiParameters.Pretty];
        ImmutableArray<ApiParameter> onItem = [ApiParameters.Name, .. inScope];
        yield return new ApiPath(collection, inScope, [List($"list{owner}{scope}{kind.Kind}"), Create(), DeleteCollection()]);
        yield return new ApiPath($"{collection}/{{name}}", onItem, [.. Item("", type, definition), Delete()]);
        foreach (var part in resource.Subresources)
        {
            yield return new ApiPath($"{collection}/{{name}}/{part.Name}", onItem, [.. Part(part)]);
        }

        if (kind.Namespaced)
        {
            yield return new ApiPath($"{root}/{kind.Plural}", [ApiParameters.Pretty], [List($"list{owner}{kind.Kind}ForAllNamespaces")]);
        }
    }

    private ApiOperation List(string id) => new("get", "list", id, $"list objects of kind {kind.Kind}", type)
    {
        Parameters = ApiParameters.List,
        Responses = [(200, definition + "List")],
    };

    private ApiOperation Create() => new("post", "post", $"create{owner}{scope}{kind.Kind}", $"create a {kind.Kind}", type)
    {
        Parameters = ApiParameters.Write,
        Body = definition,
        Responses = [(200, definition), (201, definition), (202, definition)],
    };

    private ApiOperation DeleteCollection() => new("delete", "deletecollection", $"delete{owner}Collection{scope}{kind.Kind}", $"delete collection of {kind.Kind}", type)
    {
        Parameters = [.. ApiParameters.List.UnionBy(ApiParameters.Delete, parameter => parameter.Name)],
        Body = DefinitionSet.MetaPrefix + "DeleteOptions",
        BodyRequired = false,
        Responses = [(200, Status)],
    };

    private ApiOperation Delete() => new("delete", "delete", $"delete{owner}{scope}{kind.Kind}", $"delete a {kind.Kind}", type)
    {
        Parameters = ApiParameters.Delete,
        Body = DefinitionSet.MetaPrefix + "DeleteOptions",
        BodyRequired = false,
        Responses = [(200, Status), (202, Status)],
    };

    /// <summary>status and scale speak objects and are read, replaced and patched; other parts are connections or texts.</summary>
    private IEnumerable<ApiOperation> Part(ServedSubresource part)
    {
        if (part.Name == "status")
        {
            return Item("Status", type, definition);
        }

        // A custom resource's scale operations are filed under the resource itself: recorded so.
        var partType = new ObjectType(part.Group, part.Version, part.Kind);
        return part.Name == "scale"
            ? Item("Scale", kind is IBuiltInKind ? partType : type, DefinitionSet.ScaleName)
            : part.Verbs.Select(Method).Distinct().Select(method => Connection(part, method, partType));
    }

    private IEnumerable<ApiOperation> Item(string part, ObjectType spoken, string answer)
    {
        var of = part.Length == 0 ? "" : $"{part.ToLowerInvariant()} of ";
        yield return new ApiOperation("get", "get", $"read{owner}{scope}{kind.Kind}{part}", $"read {of}the specified {kind.Kind}", spoken)
        {
            Parameters = ApiParameters.Read,
            Responses = [(200, answer)],
        };
        yield return new ApiOperation("put", "put", $"replace{owner}{scope}{kind.Kind}{part}", $"replace {of}the specified {kind.Kind}", spoken)
        {
            Parameters = ApiParameters.Write,
            Body = answer,
            Responses = [(200, answer), (201, answer)],
        };
        yield return new ApiOperation("patch", "patch", $"patch{owner}{scope}{kind.Kind}{part}", $"partially update {of}the specified {kind.Kind}", spoken)
        {
            Parameters = ApiParameters.Patch,
            Body = DefinitionSet.PatchName,
            BodyMediaTypes = PatchMediaTypes(),
            Responses = [(200, answer), (201, answer)],
        };
    }

    /// <summary>kubectl chooses between strategic and plain merge patches by this list.</summary>
    private ImmutableArray<string> PatchMediaTypes() => kind is IBuiltInKind
        ? ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"]
        : ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

    private ApiOperation Connection(ServedSubresource part, string method, ObjectType spoken) =>
        new(method, "connect", $"connect{owner}{Capitalized(method)}{scope}{kind.Kind}{Capitalized(part.Name)}", $"{part.Name} of the specified {kind.Kind}", spoken)
        {
            Parameters = method == "patch" ? ApiParameters.Patch : [],
            Responses = [(200, "")],
        };

    private static string Method(string verb) => verb switch { "create" => "post", "update" => "put", "patch" => "patch", "delete" => "delete", _ => "get" };

    private static string Capitalized(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
