namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>All that is decided about how a container's process starts, in the container's own paths and names.</summary>
internal sealed record ContainerLaunch
{
    /// <summary>command and args, expanded.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string Hostname { get; init; }

    /// <summary>Host files and directories shown at the container's paths, in the order they are put in place.</summary>
    public required IReadOnlyList<Bind> Binds { get; init; }
}

/// <summary>A host file or directory shown at a path of the container.</summary>
internal sealed record Bind(string Source, string Target, bool ReadOnly = false)
{
    /// <summary>Whether a path of the container lies at or below the target.</summary>
    public bool Covers(string path) =>
        path == Target || path.StartsWith(Target, StringComparison.Ordinal) && (Target.EndsWith('/') || path[Target.Length] == '/');

    /// <summary>The host's path of a path of the container that lies at or below the target.</summary>
    public string ToHost(string path) => Source + path[Target.TrimEnd('/').Length..];
}

/// <summary>What keeps containers apart on this host, best first.</summary>
internal enum Isolation
{
    /// <summary>We may create mount and host-name namespaces: containers see their volumes at the exact paths, and their own names.</summary>
    Namespaces,

    /// <summary>As <see cref="Namespaces"/>, through a user namespace of our own.</summary>
    UserNamespaces,

    /// <summary>Nothing: paths and names are replaced in what the process is started with.</summary>
    None,
}
