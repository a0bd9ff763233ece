using System.Diagnostics;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>Starts containers as detached processes of this host, finds them again, and runs commands inside them.</summary>
/// <param name="leaving">Cancelled when this life of the kubelet ends; the containers stay.</param>
internal sealed class ProcessRuntime(KubeletDirectory directory, Isolation isolation, TimeProvider time, CancellationToken leaving)
{
    private static readonly TimeSpan TrialLimit = TimeSpan.FromSeconds(10);

    public Isolation Isolation { get; } = isolation;

    /// <summary>What this host lets us do, found out by doing it.</summary>
    public static async Task<Isolation> DetectAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/unshare"))
        {
            return Isolation.None;
        }

        const string trial = "mount -t tmpfs tmpfs /tmp && mount --make-unbindable /tmp && mkdir /tmp/root && mount --rbind / /tmp/root && hostname trial && exec unshare --root=/tmp/root --wd=/";
        var (user, group) = UserIdentity.Current;
        return await SucceedsAsync(["--mount", "--uts", "/bin/sh", "-c", $"{trial} true"], cancellationToken) ? Isolation.Namespaces
            : await SucceedsAsync(["--user", "--map-root-user", "--mount", "--uts", "/bin/sh", "-c", $"{trial} --user --map-user={user} --map-group={group} true"], cancellationToken)
                ? Isolation.UserNamespaces
                : Isolation.None;
    }

    /// <summary>Puts the shim where containers find it.</summary>
    public void Install()
    {
        directory.Create();
        DurableFile.Write(directory.Shim, System.Text.Encoding.UTF8.GetBytes(Shim.Script));
    }

    /// <summary>Starts an attempt that <see cref="ContainerAttempt.Begin"/> has written down.</summary>
    public ContainerProcess Start(ContainerAttempt attempt, AttemptIntent intent, ContainerLaunch launch)
    {
        WriteScripts(attempt, launch);
        File.Open(attempt.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite).Dispose();
        string[] shim = ["/bin/sh", directory.Shim, attempt.Directory, attempt.Log, HostCommand.ToolPath, .. launch.Command];
        var start = File.Exists("/usr/bin/setsid") ? new ProcessStartInfo("/usr/bin/setsid", shim) : new ProcessStartInfo(shim[0], shim[1..]);
        start.Environment.Clear();
        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment[ProcessTable.Mark] = intent.Id;
        var process = Process.Start(start) ?? throw new InvalidOperationException("The container's shim did not start.");
        return ContainerProcess.Started(attempt, intent, process, time, leaving);
    }

    /// <summary>
    /// What became of an attempt after a restart of the control plane: still running or ended (both as a process), or null when it
    /// was written down but can never have started.
    /// </summary>
    public ContainerProcess? Find(ContainerAttempt attempt, AttemptIntent intent) =>
        attempt.ReadExit() is null && attempt.Revoke() ? null : ContainerProcess.Adopt(attempt, intent, time, leaving);

    /// <summary>Runs a command in a container's namespaces, directory and environment.</summary>
    public async Task<CommandResult> ExecAsync(ContainerProcess container, IReadOnlyList<string> command, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        if (container.Main is not { IsAlive: true } main)
        {
            return new CommandResult(-1, "the container is not running", TimedOut: false);
        }

        var environment = ProcessTable.EnvironmentOf(main.Id);
        string[] enter = Isolation switch
        {
            Isolation.None => ["/usr/bin/env", $"--chdir=/proc/{main.Id}/cwd"],
            Isolation.Namespaces => ["/usr/bin/nsenter", $"--target={main.Id}", "--mount", "--uts", "--root", "--wd"],
            _ => ["/usr/bin/nsenter", $"--target={main.Id}", "--user", "--preserve-credentials", "--mount", "--uts", "--root", "--wd"],
        };
        return await HostCommand.RunAsync(enter[0], [.. enter[1..], .. command], environment, timeLimit, cancellationToken);
    }

    private void WriteScripts(ContainerAttempt attempt, ContainerLaunch launch)
    {
        if (Isolation == Isolation.None)
        {
            File.WriteAllText(attempt.LaunchScript, LaunchScript.Plain(launch));
            return;
        }

        var view = RootView.Plan(launch.Binds, HostFiles.Instance);
        File.WriteAllText(attempt.MountTable, LaunchScript.MountTable(view, attempt.RootView));
        File.WriteAllText(attempt.LaunchScript, LaunchScript.Isolated(launch, view, Isolation, UserIdentity.Current, HostCommand.ToolPath));
    }

    private static async Task<bool> SucceedsAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = HostCommand.ToolPath };
        return await HostCommand.RunAsync("/usr/bin/unshare", arguments, environment, TrialLimit, cancellationToken) is { ExitCode: 0 };
    }
}
