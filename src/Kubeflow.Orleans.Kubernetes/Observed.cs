using System.Collections.Immutable;
using System.Text.Json;

namespace Kubeflow.Orleans.Kubernetes;

/// <summary>What decisions need of a pod; the rest of it is not kept in memory.</summary>
public sealed record ObservedPod
{
    public required string Name { get; init; }

    public required string Namespace { get; init; }

    public required string Uid { get; init; }

    /// <summary>uid of the controlling owner; empty when there is none.</summary>
    public string OwnerUid { get; init; } = "";

    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Pending, Running, Succeeded, Failed, Unknown.</summary>
    public required string Phase { get; init; }

    /// <summary>status.reason, for example Evicted or DeadlineExceeded.</summary>
    public string Reason { get; init; } = "";

    public string NodeName { get; init; } = "";

    public DateTimeOffset? CreationTime { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? DeletionTime { get; init; }

    public bool Terminating => DeletionTime is not null;

    public ImmutableArray<ObservedContainer> InitContainers { get; init; } = [];

    public ImmutableArray<ObservedContainer> Containers { get; init; } = [];

    public ImmutableArray<ObservedCondition> Conditions { get; init; } = [];
}

/// <summary>A container status.</summary>
public sealed record ObservedContainer
{
    public required string Name { get; init; }

    public int RestartCount { get; init; }

    public bool Ready { get; init; }

    /// <summary>state.waiting; null when it does not wait.</summary>
    public ObservedWaiting? Waiting { get; init; }

    public bool Running { get; init; }

    /// <summary>state.terminated; null when it has not ended.</summary>
    public ObservedTermination? Terminated { get; init; }
}

public sealed record ObservedWaiting(string Reason, string Message);

public sealed record ObservedTermination(int ExitCode, string Reason, string Message);

public sealed record ObservedCondition(string Type, string Status, string Reason, string Message, DateTimeOffset? LastTransitionTime);

/// <summary>What decisions need of a service.</summary>
public sealed record ObservedService
{
    public required string Name { get; init; }

    public required string Namespace { get; init; }

    public required string Uid { get; init; }

    public string OwnerUid { get; init; } = "";

    public bool Terminating { get; init; }

    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>A child of any other kind, whole: what is wanted of it is compared with what it is.</summary>
public sealed record ObservedChild
{
    public required ChildKind Kind { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    public string OwnerUid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public bool Terminating { get; init; }

    /// <summary>The object as the cluster shows it; never to be logged, it may be a secret.</summary>
    public JsonElement Content { get; init; }
}
