using System.Collections.Immutable;

namespace Kubeflow.Orleans.ApiServer.Http;

/// <summary>
/// What a request is about, read from method and path alone: the one place that knows how Kubernetes URLs are built. Routing,
/// authorization and time limits all go by it.
/// </summary>
public sealed record RequestInfo
{
    private static readonly ImmutableArray<string> NamespaceSubresources = ["status", "finalize"];

    /// <summary>The path names objects; otherwise it is one like <c>/healthz</c>.</summary>
    public bool IsResource { get; private init; }

    /// <summary>get, list, watch, create, update, patch, delete, deletecollection, or the method in lower case.</summary>
    public string Verb { get; private init; } = "";

    public string Path { get; private init; } = "";

    public string Group { get; private init; } = "";

    public string Version { get; private init; } = "";

    public string Namespace { get; private init; } = "";

    /// <summary>The plural, for example <c>tfjobs</c>.</summary>
    public string Resource { get; private init; } = "";

    /// <summary>Empty for collections.</summary>
    public string Name { get; private init; } = "";

    public string Subresource { get; private init; } = "";

    /// <param name="path">Still percent-encoded segments are taken as they are: no name holds such characters.</param>
    /// <param name="watch">The query asks for a watch.</param>
    /// <param name="selectedName">The name a field selector <c>metadata.name=</c> asks for: authorizers decide by it.</param>
    public static RequestInfo Parse(string method, string path, bool watch = false, string selectedName = "")
    {
        var other = new RequestInfo { Path = path, Verb = method.ToLowerInvariant() };
        if (path.Split('/', StringSplitOptions.RemoveEmptyEntries) is not { Length: > 0 } segments)
        {
            return other;
        }

        var (group, version, rest) = segments switch
        {
            ["api", var coreVersion, .. var tail] => ("", coreVersion, tail),
            ["apis", var named, var namedVersion, .. var tail] => (named, namedVersion, tail),
            _ => ("", "", []),
        };
        var legacyWatch = rest is ["watch", _, ..];
        var target = Target(legacyWatch ? rest[1..] : rest, group);
        if (target is not { Resource.Length: > 0 })
        {
            return other;
        }

        var verb = Verbs(method, target.Name.Length > 0 && !legacyWatch, watch || legacyWatch);
        return target with
        {
            IsResource = true,
            Path = path,
            Group = group,
            Version = version,
            Verb = verb,
            Name = target.Name.Length == 0 && verb is "list" or "watch" or "deletecollection" && selectedName.Length > 0 ? selectedName : target.Name,
        };
    }

    private static RequestInfo? Target(string[] segments, string group) => segments switch
    {
        ["namespaces", var name] when group.Length == 0 => new RequestInfo { Resource = "namespaces", Name = name, Namespace = name },
        ["namespaces", var name, var subresource] when group.Length == 0 && NamespaceSubresources.Contains(subresource) =>
            new RequestInfo { Resource = "namespaces", Name = name, Namespace = name, Subresource = subresource },
        ["namespaces", var @namespace, var resource, .. var rest] => Item(resource, @namespace, rest),
        [var resource, .. var rest] => Item(resource, "", rest),
        _ => null,
    };

    private static RequestInfo Item(string resource, string @namespace, string[] rest) => new()
    {
        Resource = resource,
        Namespace = @namespace,
        Name = rest is [var name, ..] ? name : "",
        Subresource = rest is [_, var subresource, ..] ? subresource : "",
    };

    private static string Verbs(string method, bool named, bool watch) => method.ToUpperInvariant() switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => named ? "delete" : "deletecollection",
        "GET" or "HEAD" => (named, watch) switch
        {
            (true, _) => "get",
            (_, true) => "watch",
            _ => "list",
        },
        var other => other.ToLowerInvariant(),
    };
}
