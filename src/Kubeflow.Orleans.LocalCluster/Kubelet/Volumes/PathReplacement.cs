using System.Text.RegularExpressions;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Where mount paths cannot be made real, they are replaced by the host's paths in what the process is started with.</summary>
internal static class PathReplacement
{
    /// <summary>Replaces whole paths equal to or below a bind's target; the longest target wins.</summary>
    public static string Replace(string text, IReadOnlyList<Bind> binds)
    {
        var targets = binds.Where(bind => bind.Target.Trim('/').Length > 0).OrderByDescending(bind => bind.Target.Length).ToList();
        if (targets.Count == 0 || !text.Contains('/', StringComparison.Ordinal))
        {
            return text;
        }

        var pattern = $@"(?<![\w./-])(?:{string.Join('|', targets.Select(bind => Regex.Escape(bind.Target.TrimEnd('/'))))})(?=/|[^\w.-]|$)";
        return Regex.Replace(text, pattern, match => targets.First(bind => bind.Target.TrimEnd('/') == match.Value).Source, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
    }
}
