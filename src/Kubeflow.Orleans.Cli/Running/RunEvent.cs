using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>What a run's watches and logs bring, in the order it came.</summary>
internal abstract record RunEvent
{
    public sealed record TargetSeen(Document Document, bool Gone) : RunEvent;

    public sealed record ReplicaSeen(ReplicaState Replica) : RunEvent;

    public sealed record LineRead(ReplicaState Replica, string Container, string Line) : RunEvent;

    /// <summary>A second has passed: what shows time is drawn again.</summary>
    public sealed record Tick : RunEvent;

    /// <summary>A watch ended for good.</summary>
    public sealed record Broken(Exception Reason) : RunEvent;
}
