using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>One decision in the making: what is known, and what has been decided so far.</summary>
internal sealed class TrainingTurn(TrainingJob job, Situation situation)
{
    private readonly ImmutableArray<ClusterAction>.Builder actions = ImmutableArray.CreateBuilder<ClusterAction>();
    private readonly ImmutableArray<DecisionEvent>.Builder events = ImmutableArray.CreateBuilder<DecisionEvent>();
    private DateTimeOffset? nextWake;
    private bool deleteObject;

    public TrainingJob Job { get; } = job;

    /// <summary>Whole seconds, as the times in a status: what is decided from a status read back must be what was decided when it was written.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeSeconds(situation.Now.ToUnixTimeSeconds());

    public IReadOnlyList<ObservedPod> Pods { get; } = situation.Pods;

    /// <summary>The pods of the attempt that counts.</summary>
    public IReadOnlyList<ObservedPod> CurrentPods => [.. Pods.Where(pod => ReplicaLabels.AttemptOf(pod.Labels) == Notes.Attempt)];

    /// <summary>Pods from before all replicas were started again: they must go, and their end says nothing any more.</summary>
    public IReadOnlyList<ObservedPod> EarlierPods => [.. Pods.Where(pod => ReplicaLabels.AttemptOf(pod.Labels) != Notes.Attempt)];

    public IReadOnlyList<ObservedService> Services { get; } = situation.Services;

    /// <summary>Children beside pods and services.</summary>
    public IReadOnlyList<ObservedChild> Children { get; } = situation.Children;

    /// <summary>By pod name, what the cluster said when it last refused to create it.</summary>
    public IReadOnlyDictionary<string, string> Refusals { get; } = situation.Refusals;

    /// <summary>The cluster does not know this kind of children.</summary>
    public bool IsUnknown(ChildKind kind) => situation.UnknownKinds.Contains(kind);

    public JobStatus Status { get; set; } = JobStatus.Read(situation.Document.Root.Get("status"));

    /// <summary>The notes the last decision left.</summary>
    public TrainingNotes NotesBefore { get; } = TrainingNotes.Read(situation.Notes, job.Uid);

    public TrainingNotes Notes { get; set; } = TrainingNotes.Read(situation.Notes, job.Uid);

    public bool IsFinished => Status.Conditions.IsFinished;

    public bool Is(string condition) => Status.Conditions.IsTrue(condition);

    /// <summary>Sets a condition of reason <c>&lt;Kind&gt;&lt;suffix&gt;</c>.</summary>
    /// <returns>True when that changed anything: what is to be said of it is said then.</returns>
    public bool Set(string type, string status, string suffix, string message)
    {
        var conditions = Status.Conditions.Set(type, status, Job.Kind.Kind + suffix, message, Now);
        var changed = conditions.Items != Status.Conditions.Items;
        Status = Status with { Conditions = conditions };
        return changed;
    }

    public void SetPending(PendingReason? pending) => Status = Status with { Conditions = Status.Conditions.SetPending(pending, Now) };

    public void Say(DecisionEvent decisionEvent) => events.Add(decisionEvent);

    public void Say(IEnumerable<DecisionEvent> decisionEvents) => events.AddRange(decisionEvents);

    /// <summary>What is said of this subject is said once in the life of the job, or of its attempt after a suspension.</summary>
    public void SayOnce(string subject, DecisionEvent decisionEvent)
    {
        if (!Notes.Said.Contains(subject))
        {
            Notes = Notes with { Said = Notes.Said.Add(subject) };
            Say(decisionEvent);
        }
    }

    public void Do(ClusterAction action) => actions.Add(action);

    public void Delete(IEnumerable<ObservedPod> pods) =>
        actions.AddRange(pods.Where(pod => !pod.Terminating).Select(pod => new ClusterAction.DeletePod(pod.Name, pod.Uid)));

    public void Delete(IEnumerable<ObservedService> services) =>
        actions.AddRange(services.Where(service => !service.Terminating).Select(service => new ClusterAction.DeleteService(service.Name, service.Uid)));

    /// <summary>The children beside pods and services are exactly these from now on.</summary>
    public void Keep(IEnumerable<IKubernetesObject<V1ObjectMeta>> wanted) => Keep(wanted, Children);

    /// <summary>Of <paramref name="seen"/>, exactly these stay from now on.</summary>
    public void Keep(IEnumerable<IKubernetesObject<V1ObjectMeta>> wanted, IReadOnlyList<ObservedChild> seen) => actions.AddRange(WantedChildren.Actions(wanted, seen));

    public void DeleteObject() => deleteObject = true;

    /// <summary>Look again at <paramref name="time"/> at the latest; null asks for nothing.</summary>
    public void WakeAt(DateTimeOffset? time) => nextWake = nextWake is null || time < nextWake ? time ?? nextWake : nextWake;

    public Decision ToDecision()
    {
        var previous = situation.Document.Root.Get("status");
        var status = Status.ToNode(previous);
        var notes = Notes.ToNode();
        return new Decision
        {
            Status = Same(status, previous) ? null : status,
            Notes = Same(notes, situation.Notes) ? null : notes,
            Actions = actions.DrainToImmutable(),
            Events = events.DrainToImmutable(),
            NextWake = nextWake,
            DeleteObject = deleteObject,
        };
    }

    private static bool Same(JsonObject node, JsonElement stored) => stored.ValueKind == JsonValueKind.Object && JsonNode.DeepEquals(node, JsonObject.Create(stored));
}
