using System.Text.RegularExpressions;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// Where processes cannot have a hosts file of their own, names are replaced by addresses in what they are started with. Only what is
/// surely a host name: qualified names, <c>name:port</c>, <c>//name</c>, numbered replicas (<c>job-worker-0</c>), or a whole value.
/// </summary>
internal static partial class NameReplacement
{
    /// <param name="resolve">Namespace and name (<c>service</c> or <c>host.subdomain</c>) to an address; null when that is no host.</param>
    /// <param name="qualified">As <paramref name="resolve"/>, for names whose form alone says that they are hosts (<c>x.ns.svc</c>).</param>
    public static string Replace(string text, string ownNamespace, bool wholeValueMayBeName, Func<string, string, string?> resolve, Func<string, string, string?> qualified) =>
        Token().Replace(text, match =>
        {
            var parts = match.Value.TrimEnd('.').Split('.');
            return Address(parts, ownNamespace, IsMarked(text, match, wholeValueMayBeName), resolve, qualified) ?? match.Value;
        });

    private static string? Address(string[] parts, string own, bool marked, Func<string, string, string?> resolve, Func<string, string, string?> qualified)
    {
        var service = Array.IndexOf(parts, "svc");
        if (service >= 2 && (parts.Length == service + 1 || parts[(service + 1)..] is ["cluster", "local"]))
        {
            return qualified(parts[service - 1], string.Join('.', parts[..(service - 1)]));
        }

        return parts switch
        {
            [var name] when marked => resolve(own, name),
            [var name, var second] => resolve(second, name) ?? resolve(own, $"{name}.{second}"),
            [var host, var subdomain, var @namespace] => resolve(@namespace, $"{host}.{subdomain}"),
            _ => null,
        };
    }

    private static bool IsMarked(string text, Match match, bool wholeValueMayBeName)
    {
        var rest = text.AsSpan(match.Index + match.Length);
        return rest.Length > 1 && rest[0] == ':' && char.IsAsciiDigit(rest[1])
            || text.AsSpan(0, match.Index).EndsWith("//")
            || Numbered().IsMatch(match.Value)
            || wholeValueMayBeName && match.Length == text.Length;
    }

    /// <summary>A run of host name characters that is no part of a path or an identifier; behind <c>//</c> a path may follow.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9_.-])(?<!(?<!/)/)(?>[a-z0-9][a-z0-9.-]*)(?![A-Z_/])|(?<=//)(?>[a-z0-9][a-z0-9.-]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"-\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();
}
