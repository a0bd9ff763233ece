namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The container cannot be started from what its manifest says.</summary>
internal sealed class StartException(string message) : Exception(message);

/// <summary>Puts together how a container starts: command, environment, mounts; exact where the host allows it, by replacement where not.</summary>
internal sealed class LaunchPlanner(ContainerEnvironment environments, ClusterNetwork network)
{
    private const string WorkingDirectoryAnnotation = Core.WellKnown.Domain + "/working-directory";

    /// <exception cref="ContainerConfigException">Something the manifest refers to is missing.</exception>
    /// <exception cref="StartException">The command is not there.</exception>
    public async Task<ContainerLaunch> PlanAsync(
        Pod pod, PodRecord record, ContainerSpec container, PodDirectory directory, IReadOnlyDictionary<string, string> volumes, ContainerAttempt attempt, CancellationToken cancellationToken)
    {
        var variables = await environments.BuildAsync(pod, record, container, cancellationToken);
        var workingDirectory = WorkingDirectory(pod, container, directory);
        var binds = Binds(pod, container, directory, volumes, variables.Values, attempt, workingDirectory);
        var environment = Environment(pod, directory, container, variables, binds);
        if (network.Isolation != Isolation.None)
        {
            binds.AddRange(SshFiles.Binds(binds, Path.Combine(directory.Root, "ssh", container.Name), record.PodIp, environment["PATH"]));
        }

        var command = container.Command.Concat(container.Arguments).Select(text => VariableExpansion.Expand(text, variables.Values)).ToList();
        if (network.Isolation == Isolation.None)
        {
            foreach (var name in environment.Keys.ToList())
            {
                environment[name] = Replace(pod, environment[name], binds, wholeValueMayBeName: true, names: variables.Written.Contains(name));
            }

            command = [.. command.Select(text => Replace(pod, text, binds, wholeValueMayBeName: false, names: true))];
            workingDirectory = PathReplacement.Replace(workingDirectory, binds);
        }

        network.Place(pod, directory.Root);
        CheckExecutable(command[0], environment["PATH"], workingDirectory, binds);
        return new ContainerLaunch { Command = command, Environment = environment, WorkingDirectory = workingDirectory, Hostname = pod.Hostname, Binds = binds };
    }

    private static string WorkingDirectory(Pod pod, ContainerSpec container, PodDirectory directory)
    {
        if (container.WorkingDirectory.Length > 0)
        {
            return container.WorkingDirectory;
        }

        return pod.Annotations.GetValueOrDefault(WorkingDirectoryAnnotation) is { Length: > 0 } annotated && Directory.Exists(annotated) ? annotated : Created(directory.Work(container.Name));
    }

    private List<Bind> Binds(
        Pod pod, ContainerSpec container, PodDirectory directory, IReadOnlyDictionary<string, string> volumes, IReadOnlyDictionary<string, string> variables, ContainerAttempt attempt, string workingDirectory)
    {
        var binds = new List<Bind>();
        foreach (var mount in container.VolumeMounts.OrderBy(mount => mount.Path.Length))
        {
            var source = volumes.GetValueOrDefault(mount.Volume) ?? throw new ContainerConfigException($"volume \"{mount.Volume}\" not found");
            var subPath = mount.SubPathExpression.Length > 0 ? VariableExpansion.Expand(mount.SubPathExpression, variables) : mount.SubPath;
            binds.Add(new Bind(subPath.Length > 0 ? SubPath(source, subPath) : source, mount.Path, mount.ReadOnly));
        }

        // A real runtime creates the working directory an image lacks; so do we, without touching the host's own file system.
        if (!Directory.Exists(workingDirectory) && !binds.Any(bind => bind.Covers(workingDirectory)))
        {
            binds.Add(new Bind(Created(directory.Work(container.Name)), workingDirectory));
        }

        binds.Add(new Bind(attempt.TerminationMessage, container.TerminationMessagePath));
        if (network.Isolation != Isolation.None)
        {
            binds.Add(new Bind(network.HostsFile(pod.Namespace), "/etc/hosts"));
        }

        CreateNestedPlaces(binds);
        return binds;
    }

    private Dictionary<string, string> Environment(Pod pod, PodDirectory directory, ContainerSpec container, ContainerVariables variables, IReadOnlyList<Bind> binds)
    {
        var environment = ContainerEnvironment.HostVariables();
        environment["HOSTNAME"] = pod.Hostname;
        environment["TMPDIR"] = Created(Path.Combine(directory.Root, "tmp"));
        foreach (var (mount, bind) in container.VolumeMounts.OrderBy(mount => mount.Path.Length).Zip(binds))
        {
            environment[$"KFO_MOUNT_{mount.Volume.ToUpperInvariant().Replace('-', '_')}"] = network.Isolation == Isolation.None ? bind.Source : bind.Target;
        }

        foreach (var (name, value) in variables.Values)
        {
            environment[name] = value;
        }

        environment["PATH"] = $"{network.ToolsDirectory(pod.Namespace)}:{environment["PATH"]}";
        return environment;
    }

    private string Replace(Pod pod, string text, IReadOnlyList<Bind> binds, bool wholeValueMayBeName, bool names)
    {
        var replaced = PathReplacement.Replace(text, binds);
        return names ? network.ReplaceNames(replaced, pod.Namespace, wholeValueMayBeName) : replaced;
    }

    private static string SubPath(string source, string subPath)
    {
        var path = Path.GetFullPath(Path.Combine(source, subPath));
        if (!path.StartsWith(source.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new ContainerConfigException($"subPath \"{subPath}\" leads out of its volume");
        }

        return Path.Exists(path) ? path : Created(path);
    }

    /// <summary>A mount within a mount needs its place there.</summary>
    private static void CreateNestedPlaces(IReadOnlyList<Bind> binds)
    {
        foreach (var inner in binds)
        {
            var outer = binds.Where(bind => bind != inner && bind.Covers(inner.Target) && Directory.Exists(bind.Source)).MaxBy(bind => bind.Target.Length);
            if (outer is null || Path.Exists(outer.ToHost(inner.Target)))
            {
                continue;
            }

            if (Directory.Exists(inner.Source))
            {
                Directory.CreateDirectory(outer.ToHost(inner.Target));
            }
            else
            {
                File.WriteAllText(outer.ToHost(inner.Target), "");
            }
        }
    }

    /// <summary>Looks for the command as exec will, to say what is missing in the words a container runtime uses.</summary>
    private static void CheckExecutable(string command, string searchPath, string workingDirectory, IReadOnlyList<Bind> binds)
    {
        if (command.Contains('/', StringComparison.Ordinal))
        {
            var path = OnHost(Path.Combine(workingDirectory, command), binds);
            if (!File.Exists(path))
            {
                throw new StartException($"exec: \"{command}\": stat {command}: no such file or directory");
            }
        }
        else if (!searchPath.Split(':').Any(directory => File.Exists(Path.Combine(OnHost(directory, binds), command))))
        {
            throw new StartException($"exec: \"{command}\": executable file not found in $PATH: a container's command runs on this host, where there is no such program");
        }
    }

    private static string OnHost(string path, IReadOnlyList<Bind> binds) =>
        binds.Where(bind => bind.Covers(path)).MaxBy(bind => bind.Target.Length) is { } bind ? bind.ToHost(path) : path;

    private static string Created(string path)
    {
        Directory.CreateDirectory(path);
        return path;
    }
}
