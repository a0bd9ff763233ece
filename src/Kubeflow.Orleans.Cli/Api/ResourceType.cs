using System.Collections.Immutable;

namespace Kubeflow.Orleans.Cli.Api;

/// <summary>A resource the server serves, as discovery tells it.</summary>
internal sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public string Singular { get; init; } = "";

    public ImmutableArray<string> ShortNames { get; init; } = [];

    public ImmutableArray<string> Categories { get; init; } = [];

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>How people and kubectl name it: <c>tfjobs.kubeflow.org</c>, core resources just <c>pods</c>.</summary>
    public string FullName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    private string Root => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";

    /// <param name="namespace">Empty: all namespaces. Ignored by cluster-scoped resources.</param>
    public string CollectionPath(string @namespace) =>
        Namespaced && @namespace.Length > 0 ? $"{Root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}" : $"{Root}/{Plural}";

    public string ItemPath(string @namespace, string name) => $"{CollectionPath(@namespace)}/{Uri.EscapeDataString(name)}";

    /// <summary>Whether a person means this resource: plural, singular, kind, short name, or any of the first with its group.</summary>
    public bool IsCalled(string name)
    {
        var dot = name.IndexOf('.');
        var (word, group) = dot < 0 ? (name, null) : (name[..dot], name[(dot + 1)..]);
        return (group is null || group == Group || group == $"{Version}.{Group}")
            && (Same(word, Plural) || Same(word, Singular) || Same(word, Kind) || (group is null && ShortNames.Any(shortName => Same(word, shortName))));
    }

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
