using System.Collections.Immutable;
using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>A typed view over one entry of the replica specs, defaults applied.</summary>
internal sealed class ReplicaSpec(TrainingKind kind, string role, JsonElement element)
{
    /// <summary>More pods of one role than a cluster takes: a bound for what one decision may cost.</summary>
    public const int MaximumReplicas = 10_000;

    /// <summary>The role as the kind spells it, for example <c>Worker</c>.</summary>
    public string Role { get; } = role;

    public int Replicas { get; } = (int)Math.Clamp(element.Integer("replicas") ?? kind.DefaultReplicasOf(role), 0, MaximumReplicas);

    public string RestartPolicy { get; } = element.Text("restartPolicy") is { Length: > 0 } policy ? policy : kind.DefaultRestartPolicyOf(role);

    public JsonElement Template { get; } = element.Get("template");

    /// <summary>The container whose end speaks for the replica.</summary>
    public string ContainerName { get; } =
        kind.ContainerName.Length > 0 ? kind.ContainerName : element.Get("template", "spec").Items("containers").FirstOrDefault().Text("name") ?? "";

    /// <summary>The named ports of the framework's container, its own port included, in the order they are declared.</summary>
    public ImmutableArray<ContainerPort> Ports { get; } = ReadPorts(kind, element.Get("template", "spec"));

    /// <summary>The port the framework's processes meet at.</summary>
    public int FrameworkPort => Ports.First(port => port.Name == kind.PortName).Number;

    /// <summary>The replica limits restarts: its pods are started again after a failure.</summary>
    public bool RestartsPods => RestartPolicy is "OnFailure" or "Always" or "ExitCode";

    private static ImmutableArray<ContainerPort> ReadPorts(TrainingKind kind, JsonElement podSpec)
    {
        var containers = podSpec.Items("containers").ToList();
        var framework = containers.Find(container => container.Text("name") == kind.ContainerName);
        var ports = (framework.IsPresent() ? framework : containers.FirstOrDefault()).Items("ports")
            .Select(port => new ContainerPort(port.Text("name") ?? "", (int)Math.Clamp(port.Integer("containerPort") ?? 0, 0, ushort.MaxValue)))
            .DistinctBy(port => port.Name)
            .ToImmutableArray();
        return ports.Any(port => port.Name == kind.PortName) ? ports : ports.Add(new ContainerPort(kind.PortName, kind.Port));
    }
}

internal readonly record struct ContainerPort(string Name, int Number);
