using System.Collections.Immutable;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>What a person wants to know of a pod.</summary>
internal sealed record ReplicaState
{
    public required string PodName { get; init; }

    public required string Namespace { get; init; }

    public required string Uid { get; init; }

    /// <summary>Uid of the object it works for; its own when it works for none.</summary>
    public required string OwnerUid { get; init; }

    /// <summary>How it is called in messages: <c>worker-0</c> in a training job, else the pod's name.</summary>
    public required string Name { get; init; }

    public required string Phase { get; init; }

    /// <summary>Why it does not run (yet); empty when there is nothing to tell.</summary>
    public string Waiting { get; init; } = "";

    public string Node { get; init; } = "";

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    public ImmutableArray<ContainerState> Containers { get; init; } = [];

    public int Restarts => Containers.Sum(container => container.Restarts);

    /// <summary>The first container that ended badly, now or before its last restart.</summary>
    public ContainerState? Broken => Containers.FirstOrDefault(container => container.ExitCode is > 0 or < 0) ?? Containers.FirstOrDefault(container => container.LastExitCode is > 0 or < 0);

    public TimeSpan? Age(DateTimeOffset now) => Started is { } started ? (Finished ?? now) - started : null;
}

/// <summary>One container of a pod; init containers come first.</summary>
internal sealed record ContainerState(string Name, bool IsInit, int Restarts, bool HasStarted, int? ExitCode, int? LastExitCode, string EndReason, string EndMessage)
{
    /// <summary>How its end is told: <c>exit code 3</c>, with the reason where it says more than Error.</summary>
    public string End => $"exit code {ExitCode ?? LastExitCode}" + (EndReason is "" or "Error" or "Completed" ? "" : $" ({EndReason})");
}
