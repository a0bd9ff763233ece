namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What exists on the host, as far as a view of it needs to know.</summary>
internal interface IHostFiles
{
    bool IsFile(string path);

    bool IsDirectory(string path);

    /// <summary>Names in a directory; symbolic links with their target, others with null.</summary>
    IReadOnlyList<(string Name, string? LinkTarget)> List(string directory);
}

/// <summary>
/// The steps that build a container's view of the file system on an empty directory: the host's own top-level entries, opened up
/// where a mount path needs a place that the host does not have, and the container's binds on top. Nothing is created on the host.
/// </summary>
internal sealed record RootView(IReadOnlyList<string> Directories, IReadOnlyList<string> Files, IReadOnlyList<(string Path, string Target)> Links, IReadOnlyList<Bind> Binds)
{
    /// <summary>What a container finds in /dev; the rest of the host's is none of its business.</summary>
    private static readonly string[] Devices =
        ["null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "shm", "mqueue", "hugepages", "fuse", "kvm", "net", "dri", "kfd", "infiniband"];

    public static RootView Plan(IReadOnlyList<Bind> binds, IHostFiles host)
    {
        var plan = new RootView(new List<string>(), new List<string>(), new List<(string, string)>(), new List<Bind>());
        var missing = binds.Where(bind => !Exists(bind, host)).Select(bind => bind.Target).ToList();
        var opened = missing.SelectMany(Ancestors).Where(host.IsDirectory).Append("/").ToHashSet(StringComparer.Ordinal);
        plan.Open("/", opened, host);
        foreach (var bind in binds)
        {
            plan.Put(bind, binds, host);
        }

        return plan;
    }

    private List<string> NewDirectories => (List<string>)Directories;

    private List<Bind> NewBinds => (List<Bind>)Binds;

    private void Open(string directory, HashSet<string> opened, IHostFiles host)
    {
        foreach (var (name, linkTarget) in host.List(directory))
        {
            var path = directory == "/" ? $"/{name}" : $"{directory}/{name}";
            if (directory == "/dev" && linkTarget is null && !Devices.Contains(name) && !name.StartsWith("nvidia", StringComparison.Ordinal))
            {
                continue;
            }

            if (linkTarget is not null)
            {
                ((List<(string, string)>)Links).Add((path, linkTarget));
            }
            else if (opened.Contains(path))
            {
                NewDirectories.Add(path);
                Open(path, opened, host);
            }
            else
            {
                Show(new Bind(path, path), host);
            }
        }
    }

    /// <summary>Places a bind of the container; its place may lie within another bind, whose source then gets the empty directory.</summary>
    private void Put(Bind bind, IReadOnlyList<Bind> all, IHostFiles host)
    {
        if (Exists(bind, host) || all.Any(other => other != bind && other.Covers(bind.Target)))
        {
            NewBinds.Add(bind);
        }
        else
        {
            Show(bind, host);
        }
    }

    private void Show(Bind bind, IHostFiles host)
    {
        (host.IsDirectory(bind.Source) ? NewDirectories : (List<string>)Files).Add(bind.Target);
        NewBinds.Add(bind);
    }

    private static bool Exists(Bind bind, IHostFiles host) => host.IsDirectory(bind.Source) ? host.IsDirectory(bind.Target) : host.IsFile(bind.Target);

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
        {
            yield return path[..end];
        }
    }
}

/// <inheritdoc cref="IHostFiles"/>
internal sealed class HostFiles : IHostFiles
{
    private static readonly EnumerationOptions Enumeration = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    public static HostFiles Instance { get; } = new();

    public bool IsFile(string path) => File.Exists(path);

    public bool IsDirectory(string path) => Directory.Exists(path);

    /// <summary>What the user may not look into is empty to the user's containers, which still may have mounts there (<c>/root/.ssh</c>).</summary>
    public IReadOnlyList<(string Name, string? LinkTarget)> List(string directory) =>
        [.. new DirectoryInfo(directory).EnumerateFileSystemInfos("*", Enumeration).Select(entry => (entry.Name, entry.LinkTarget))];
}
