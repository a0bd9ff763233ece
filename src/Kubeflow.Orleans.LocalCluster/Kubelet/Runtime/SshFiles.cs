namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// What an image brings so that pods can log in to each other, for containers that are given <c>authorized_keys</c>: an sshd that
/// listens at the pod's own address at a port anybody may open, with the given key as its own, and an ssh that goes to that port with it.
/// Nothing of the host's own SSH, keys before all, takes part.
/// </summary>
internal static class SshFiles
{
    private const string AuthorizedKeys = "authorized_keys";
    private const string PrivateKey = "id_rsa";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where images of MPI programs have their sshd.</summary>
    private const int Port = 2222;

    /// <param name="directory">A private directory of this container.</param>
    /// <param name="searchPath">PATH of the container, for what is started over SSH.</param>
    public static IEnumerable<Bind> Binds(IReadOnlyList<Bind> mounts, string directory, string address, string searchPath)
    {
        if (mounts.FirstOrDefault(mount => File.Exists(Path.Combine(mount.Source, AuthorizedKeys)) && File.Exists(Path.Combine(mount.Source, PrivateKey))) is not { } keys)
        {
            return [];
        }

        KubeletDirectory.CreatePrivate(directory);
        var key = CopyKey(keys, directory);
        var server = Written(directory, "sshd_config", ServerConfig(keys.Target, key, address, searchPath));
        return
        [
            new Bind(server, "/etc/ssh/sshd_config"),

            // Images whose user is not root keep theirs beside the keys.
            new Bind(server, $"{Path.GetDirectoryName(keys.Target)!.TrimEnd('/')}/.sshd_config"),
            new Bind(Written(directory, "ssh_config", ClientConfig(key)), "/etc/ssh/ssh_config"),
            new Bind(Directory.CreateDirectory(Path.Combine(directory, "run")).FullName, "/run/sshd"),
        ];
    }

    /// <summary>A key others can read is refused by ssh, and a mounted one may be readable.</summary>
    private static string CopyKey(Bind keys, string directory)
    {
        var copy = Path.Combine(directory, PrivateKey);
        File.WriteAllBytes(copy, File.ReadAllBytes(Path.Combine(keys.Source, PrivateKey)));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(copy, OwnerOnly);
        }

        return copy;
    }

    private static string Written(string directory, string name, string content)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static string ServerConfig(string keys, string hostKey, string address, string searchPath) => $"""
        Port {Port}
        ListenAddress {address}
        HostKey {hostKey}
        AuthorizedKeysFile {keys}/{AuthorizedKeys}
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        PidFile none
        PrintMotd no
        SetEnv "PATH={searchPath}"
        StrictModes no
        UsePAM no

        """;

    private static string ClientConfig(string key) => $"""
        Host *
            Port {Port}
            IdentityFile {key}
            IdentitiesOnly yes
            BatchMode yes
            StrictHostKeyChecking no
            UserKnownHostsFile /dev/null
            LogLevel ERROR

        """;
}
