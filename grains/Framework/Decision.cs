using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Framework;

/// <summary>
/// The pure core of a kind: what to do about an object, given all that is known. No I/O, no clock, no randomness, no memory: the
/// same situation gives the same decision, however often it is asked.
/// </summary>
public interface IStateMachine
{
    /// <summary>The resource it decides for, for example <c>tfjobs.kubeflow.org</c>.</summary>
    string Resource { get; }

    /// <summary>Who speaks in events, for example <c>tfjob-controller</c>.</summary>
    string Component { get; }

    /// <summary>The kinds of its children beside pods and services.</summary>
    IReadOnlyCollection<ChildKind> ChildKinds => [];

    /// <summary>Where the objects of the kind name others: what those are is known when deciding, and a change of one is a reason to look again.</summary>
    IReferringKind? Referring => null;

    Decision Decide(Situation situation);

    /// <summary>What is said when a child cannot be made because an object of its name is there that is not this one's.</summary>
    DecisionEvent NotOurs(Document document, string kind, string name) => DecisionEvent.Warning(
        $"FailedCreate{kind}", $"Error creating: {kind.ToLowerInvariant()} \"{name}\" exists and belongs to another object; waiting for it to go");
}

/// <summary>All that may be known when deciding.</summary>
public sealed record Situation
{
    public required Document Document { get; init; }

    /// <summary>The notes the last decision left; Undefined when there are none.</summary>
    public JsonElement Notes { get; init; }

    /// <summary>The pods this object controls, by owner uid.</summary>
    public IReadOnlyList<ObservedPod> Pods { get; init; } = [];

    public IReadOnlyList<ObservedService> Services { get; init; } = [];

    /// <summary>The children of further kinds.</summary>
    public IReadOnlyList<ObservedChild> Children { get; init; } = [];

    /// <summary>Kinds of children that the cluster does not know: their definition is not installed.</summary>
    public IReadOnlySet<ChildKind> UnknownKinds { get; init; } = ImmutableHashSet<ChildKind>.Empty;

    /// <summary>Children by name that the cluster refused to create, and what it said. Forgotten when the silo ends.</summary>
    public IReadOnlyDictionary<string, string> Refusals { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The objects that <see cref="Document"/> names, those that exist.</summary>
    public IReadOnlyDictionary<ResourceKey, Document> References { get; init; } = ImmutableDictionary<ResourceKey, Document>.Empty;

    public required DateTimeOffset Now { get; init; }
}

/// <summary>
/// What to do. The shell first writes status and notes (compare-and-set: whoever loses that race does nothing), then carries out the
/// actions; if it dies in between, the next decision on the same world asks for the same actions.
/// </summary>
public sealed record Decision
{
    /// <summary>The whole new status; null: unchanged.</summary>
    public JsonObject? Status { get; init; }

    /// <summary>The whole new notes; null: unchanged.</summary>
    public JsonObject? Notes { get; init; }

    public ImmutableArray<ClusterAction> Actions { get; init; } = [];

    /// <summary>Events to record once the status is written.</summary>
    public ImmutableArray<DecisionEvent> Events { get; init; } = [];

    /// <summary>When to look again without being asked; null: only when something changes.</summary>
    public DateTimeOffset? NextWake { get; init; }

    /// <summary>Delete the object itself (time to live is over).</summary>
    public bool DeleteObject { get; init; }
}

/// <summary>A Kubernetes event about the object decided on.</summary>
public sealed record DecisionEvent(string Type, string Reason, string Message)
{
    public static DecisionEvent Normal(string reason, string message) => new("Normal", reason, message);

    public static DecisionEvent Warning(string reason, string message) => new("Warning", reason, message);
}

/// <summary>One effect in the cluster. Names are deterministic, deletes name a uid: each may be repeated safely.</summary>
public abstract record ClusterAction
{
    public sealed record CreatePod(V1Pod Pod) : ClusterAction;

    public sealed record CreateService(V1Service Service) : ClusterAction;

    /// <param name="Force">Without waiting for its kubelet, which is lost.</param>
    public sealed record DeletePod(string Name, string Uid, bool Force = false) : ClusterAction;

    public sealed record DeleteService(string Name, string Uid) : ClusterAction;

    public sealed record Create(IKubernetesObject<V1ObjectMeta> Item) : ClusterAction;

    /// <summary>Repairs the object of this uid.</summary>
    /// <param name="SeenVersion">The version that was found wanting.</param>
    public sealed record Update(IKubernetesObject<V1ObjectMeta> Item, string Uid, string SeenVersion) : ClusterAction;

    public sealed record Delete(ChildKind Kind, string Name, string Uid) : ClusterAction;
}
