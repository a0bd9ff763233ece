using k8s;
using k8s.Exceptions;
using YamlDotNet.Core;

namespace Kubeflow.Orleans.Silo.Clusters;

/// <summary>A cluster the silo drives.</summary>
/// <param name="Name">What objects and namespaces call it in their annotation <c>kubeflow-orleans.dev/cluster</c>.</param>
public sealed record ClusterSettings(string Name, ClusterAccess Access)
{
    public static ClusterSettings Embedded { get; } = new("embedded", new ClusterAccess.Embedded());
}

/// <summary>How a cluster is reached.</summary>
public abstract record ClusterAccess
{
    /// <summary>The silo's own cluster; its pods are processes.</summary>
    public sealed record Embedded : ClusterAccess;

    /// <summary>The cluster the silo runs in, by its service account.</summary>
    public sealed record InCluster : ClusterAccess;

    /// <summary>As a kubeconfig says: token, client certificate or login plugin. An empty context is the file's current one.</summary>
    public sealed record Kubeconfig(string Path, string Context) : ClusterAccess;

    /// <summary>Parses <c>embedded</c>, <c>in-cluster</c>, <c>FILE</c> or <c>FILE#CONTEXT</c>.</summary>
    /// <exception cref="ArgumentException">The file cannot be used; the message says why.</exception>
    public static ClusterAccess Parse(string text) => text switch
    {
        "embedded" => new Embedded(),
        "in-cluster" => new InCluster(),
        _ => ParseKubeconfig(text),
    };

    /// <summary>A file that is wrong is refused at the start; a cluster that cannot be reached or logged in to only delays its own jobs.</summary>
    private static Kubeconfig ParseKubeconfig(string text)
    {
        var mark = text.LastIndexOf('#');
        var (file, context) = mark < 0 ? (text, "") : (text[..mark], text[(mark + 1)..]);
        var path = System.IO.Path.GetFullPath(file);
        if (!File.Exists(path))
        {
            throw new ArgumentException($"There is no kubeconfig {path}.");
        }

        try
        {
            var content = KubernetesClientConfiguration.LoadKubeConfig(path);
            var wanted = context.Length == 0 ? content.CurrentContext : context;
            return content.Contexts?.Any(known => known.Name == wanted) == true
                ? new Kubeconfig(path, context)
                : throw new ArgumentException($"The kubeconfig {path} has no context '{wanted}'.");
        }
        catch (Exception problem) when (problem is YamlException or KubeConfigException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"The kubeconfig {path} cannot be read: {problem.Message}", problem);
        }
    }
}
