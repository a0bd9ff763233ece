using System.Globalization;
using System.Security.Cryptography;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Where everything of a node lies on disk. Private to the user: volumes and launch files hold secrets.</summary>
internal sealed class KubeletDirectory(string root)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Path.GetFullPath(root);

    public string Pods => Path.Combine(Root, "pods");

    public string Logs => Path.Combine(Root, "logs");

    public string Shim => Path.Combine(Root, "shim.sh");

    public PodDirectory Pod(string uid) => new(Path.Combine(Pods, uid), uid, Logs);

    /// <summary>The uids of pods that have been here.</summary>
    public IReadOnlyList<string> KnownPods() => Directory.Exists(Pods) ? [.. Directory.EnumerateDirectories(Pods).Select(path => Path.GetFileName(path))] : [];

    public void Create()
    {
        CreatePrivate(Root);
        CreatePrivate(Pods);
        CreatePrivate(Logs);
    }

    public static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, Private);
    }
}

/// <summary>The files of one pod.</summary>
internal sealed class PodDirectory(string root, string uid, string logs)
{
    private const int DeletePasses = 5;

    public string Root { get; } = root;

    public string Volumes => Path.Combine(Root, "volumes");

    private string Manifest => Path.Combine(Root, "pod.json");

    private string Address => Path.Combine(Root, "address");

    public string Work(string container) => Path.Combine(Root, "work", container);

    private string Container(string name) => Path.Combine(Root, "containers", name);

    /// <summary>
    /// Where a new attempt will be written down. The name is never used twice: a shim that is late by a whole life of the control
    /// plane must not find another attempt in its place.
    /// </summary>
    public ContainerAttempt NewAttempt(string container, int number) => Attempt(container, number, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));

    /// <summary>The attempts of a container that are on disk, oldest first.</summary>
    public IReadOnlyList<ContainerAttempt> Attempts(string container) => Directory.Exists(Container(container))
        ? [.. Directory.EnumerateDirectories(Container(container)).Select(path => Path.GetFileName(path).Split('.')).Where(parts => parts.Length == 2)
            .Select(parts => Attempt(container, int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1])).OrderBy(attempt => attempt.Number)]
        : [];

    private ContainerAttempt Attempt(string container, int number, string mark)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{number}.{mark}");
        return new ContainerAttempt(Path.Combine(Container(container), name), number, Path.Combine(logs, $"{uid}_{container}_{name}.log"));
    }

    public IReadOnlyList<string> KnownContainers() => Directory.Exists(Path.Combine(Root, "containers"))
        ? [.. Directory.EnumerateDirectories(Path.Combine(Root, "containers")).Select(path => Path.GetFileName(path))]
        : [];

    /// <summary>The pod's address, once it has one.</summary>
    public string ReadAddress() => File.Exists(Address) ? File.ReadAllText(Address) : "";

    /// <summary>Remembers the pod, so that it can be cleaned up even when its document is gone.</summary>
    public void Remember(Document pod, string address)
    {
        KubeletDirectory.CreatePrivate(Root);
        DurableFile.Write(Manifest, pod.Utf8.Span);
        DurableFile.Write(Address, System.Text.Encoding.UTF8.GetBytes(address));
    }

    public Document? Recall() => File.Exists(Manifest) ? new Document(File.ReadAllBytes(Manifest)) : null;

    /// <summary>Keeps the current attempt and the one before: what a status and <c>logs --previous</c> can ask for.</summary>
    public void ForgetOldAttempts(string container, int current)
    {
        foreach (var attempt in Attempts(container).Where(attempt => attempt.Number < current - 1))
        {
            attempt.Delete();
        }
    }

    /// <summary>What falls into the folder while it is being emptied goes with the next pass.</summary>
    public void Delete()
    {
        for (var pass = 1; Directory.Exists(Root); pass++)
        {
            try
            {
                foreach (var attempt in KnownContainers().SelectMany(Attempts))
                {
                    attempt.Delete();
                }

                Directory.Delete(Root, recursive: true);
            }
            catch (IOException) when (pass < DeletePasses)
            {
            }
        }
    }
}
