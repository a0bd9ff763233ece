using System.Globalization;
using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Writes the sh script that turns the shim's child into the container's main process. Pure: same launch, same text.</summary>
internal static class LaunchScript
{
    private const string Fail = """
        fail() {
            echo "$1" >start-error
            exit 128
        }

        """;

    /// <summary>Without namespaces there is nothing to set up but the working directory.</summary>
    public static string Plain(ContainerLaunch launch) => $"""
        {Shim.Identify}
        {Fail}
        directory=$PWD
        cd {Shim.Quote(launch.WorkingDirectory)} || {"{ cd \"$directory\"; fail " + Shim.Quote($"the working directory {launch.WorkingDirectory} cannot be entered") + "; }"}
        unset directory
        exec "$@"

        """;

    /// <param name="tools">PATH of the host's own tools.</param>
    public static string Isolated(ContainerLaunch launch, RootView view, Isolation isolation, UserIdentity user, string tools)
    {
        var script = new StringBuilder(Shim.Identify).Append(Fail);
        var arguments = isolation == Isolation.UserNamespaces ? "--user --map-root-user --mount --uts" : "--mount --uts";
        script.Append("if [ -z \"$inside\" ]; then\n    container_path=$PATH\n    export container_path\n");
        script.Append(CultureInfo.InvariantCulture, $"    PATH={Shim.Quote(tools)}\n    inside=1 exec unshare {arguments} /bin/sh ./launch.sh \"$@\"\nfi\nunset inside\n");
        script.Append("mkdir -p root && mount -t tmpfs -o mode=755 tmpfs root && mount --make-unbindable root || fail 'the file system view cannot be created'\ncd root\n");
        Append(script, "mkdir -p", view.Directories);
        Append(script, "touch", view.Files);
        foreach (var (path, target) in view.Links)
        {
            script.Append(CultureInfo.InvariantCulture, $"ln -s {Shim.Quote(target)} {Shim.Quote("." + path)}\n");
        }

        script.Append("cd ..\n");
        script.Append("mount --all --fstab ./fstab || fail 'a volume cannot be mounted'\n");
        script.Append(CultureInfo.InvariantCulture, $"hostname {Shim.Quote(launch.Hostname)}\n");
        script.Append("PATH=$container_path\nunset container_path\nunset -f fail\n");
        var back = isolation == Isolation.UserNamespaces ? string.Create(CultureInfo.InvariantCulture, $"--user --map-user={user.Id} --map-group={user.Group} ") : "";
        script.Append(CultureInfo.InvariantCulture, $"exec /usr/bin/unshare {back}--root=\"$PWD/root\" --wd={Shim.Quote(launch.WorkingDirectory)} \"$@\"\n");
        return script.ToString();
    }

    /// <summary>The mounts of a view as an fstab, so that one mount command makes them all.</summary>
    public static string MountTable(RootView view, string root) => string.Concat(view.Binds.Select(bind =>
        $"{Escape(bind.Source)} {Escape(root + bind.Target)} none {(bind.ReadOnly ? "bind,ro" : "rbind")} 0 0\n"));

    private static void Append(StringBuilder script, string command, IReadOnlyList<string> paths)
    {
        if (paths.Count > 0)
        {
            script.Append(CultureInfo.InvariantCulture, $"{command} {string.Join(' ', paths.Select(path => Shim.Quote("." + path)))} || fail 'a mount point cannot be created'\n");
        }
    }

    private static string Escape(string path) => path
        .Replace("\\", "\\134", StringComparison.Ordinal).Replace(" ", "\\040", StringComparison.Ordinal)
        .Replace("\t", "\\011", StringComparison.Ordinal).Replace("\n", "\\012", StringComparison.Ordinal).Replace("#", "\\043", StringComparison.Ordinal);
}

/// <summary>Who the containers run as: who we are.</summary>
internal sealed partial record UserIdentity(uint Id, uint Group)
{
    public static UserIdentity Current { get; } = OperatingSystem.IsWindows() ? new UserIdentity(0, 0) : new UserIdentity(GetUserId(), GetGroupId());

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetUserId();

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint GetGroupId();
}
