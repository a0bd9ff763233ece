using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>One decision in the making: what is known, and what has been decided so far.</summary>
internal sealed class TrainJobTurn(TrainJobSpec job, Situation situation)
{
    private readonly ImmutableArray<ClusterAction>.Builder actions = ImmutableArray.CreateBuilder<ClusterAction>();
    private readonly ImmutableArray<DecisionEvent>.Builder events = ImmutableArray.CreateBuilder<DecisionEvent>();
    private DateTimeOffset? nextWake;

    public TrainJobSpec Job { get; } = job;

    /// <summary>Whole seconds, as the times in a status: what is decided from a status read back must be what was decided when it was written.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeSeconds(situation.Now.ToUnixTimeSeconds());

    public IReadOnlyList<ObservedPod> Pods => situation.Pods;

    public IReadOnlyList<ObservedService> Services => situation.Services;

    /// <summary>The children that go with the job.</summary>
    public IReadOnlyList<ObservedChild> Children { get; } = [.. situation.Children.Where(child => child.OwnerUid == job.Uid)];

    /// <summary>The cluster does not know this kind of children.</summary>
    public bool IsUnknown(ChildKind kind) => situation.UnknownKinds.Contains(kind);

    /// <summary>What was just made for good: the cluster does not show what has no owner.</summary>
    public IEnumerable<string> JustMadeForGood => situation.Children.Where(child => child.OwnerUid.Length == 0).Select(child => child.Name);

    public TrainJobStatus Status { get; set; } = TrainJobStatus.Read(job.Status);

    public TrainJobNotes Notes { get; set; } = TrainJobNotes.Read(situation.Notes, job.Uid);

    public bool IsFinished => Status.Terminal is not null;

    /// <summary>The runtime as it was when the job was first looked at; null: there is none yet.</summary>
    public RuntimeView? Runtime()
    {
        if (Notes.Runtime is null && Job.RuntimeKey is { } key && situation.References.TryGetValue(key, out var live))
        {
            Notes = Notes with { Runtime = live.Root };
        }

        return Notes.Runtime is { } kept ? new RuntimeView(kept) : null;
    }

    /// <summary>The jobs of the plan, with what their pods tell now noted.</summary>
    public ChildJobs Observe(TrainJobPlan plan)
    {
        var jobs = new ChildJobs(plan, Pods, Notes);
        foreach (var job in jobs.All)
        {
            job.TakeNotes(Now);
        }

        Keep(jobs);
        return jobs;
    }

    /// <summary>Remembers and shows how far the jobs are.</summary>
    public void Keep(ChildJobs jobs)
    {
        Notes = Notes with { Jobs = jobs.Notes };
        Status = Status with { Jobs = jobs.Counts(Job.Suspend) };
    }

    /// <summary>Begins anew, the one job or all of them; no attempt has the number of an earlier one.</summary>
    public void Restart(ChildJob? one) => Notes = one is null
        ? Notes with { RestartAttempt = Notes.RestartAttempt + Notes.Jobs.Values.Select(job => job.OwnRestarts).Append(0).Max() + 1, Jobs = Notes.Jobs.Clear() }
        : Notes with { Jobs = Notes.Jobs.SetItem(one.Name, new ChildJobNotes { OwnRestarts = one.Notes.OwnRestarts + 1 }) };

    public void Set(string type, string status, string reason, string message) => Status = Status.With(type, status, reason, message, Now);

    public void Say(DecisionEvent decisionEvent) => events.Add(decisionEvent);

    /// <summary>Says what is wrong when it begins to be wrong; what holds no longer is forgotten.</summary>
    public void Complain(IEnumerable<DecisionEvent> complaints)
    {
        var holding = complaints.DistinctBy(complaint => complaint.Message).ToList();
        events.AddRange(holding.Where(complaint => !Notes.Said.Contains(complaint.Message)));
        Notes = Notes with { Said = [.. holding.Select(complaint => complaint.Message)] };
    }

    public void Act(ClusterAction action) => actions.Add(action);

    public void Act(IEnumerable<ClusterAction> wanted) => actions.AddRange(wanted);

    public void Delete(IEnumerable<ObservedPod> pods) =>
        actions.AddRange(pods.Where(pod => !pod.Terminating).Select(pod => new ClusterAction.DeletePod(pod.Name, pod.Uid)));

    public void DeleteServices() =>
        actions.AddRange(Services.Where(service => !service.Terminating).Select(service => new ClusterAction.DeleteService(service.Name, service.Uid)));

    /// <summary>A group without pods would hold its place in the queue.</summary>
    public void DeletePodGroups() => Act(WantedChildren.Actions([], [.. Children.Where(child => GangScheduler.PodGroupKinds.Contains(child.Kind))]));

    /// <summary>Look again at <paramref name="time"/> at the latest; null asks for nothing.</summary>
    public void WakeAt(DateTimeOffset? time) => nextWake = nextWake is null || time < nextWake ? time ?? nextWake : nextWake;

    public Decision ToDecision()
    {
        var status = Status.ToNode(Job.Status);
        var notes = Notes.ToNode();
        return new Decision
        {
            Status = status is null || Same(status, Job.Status) ? null : status,
            Notes = Same(notes, situation.Notes) ? null : notes,
            Actions = actions.DrainToImmutable(),
            Events = events.DrainToImmutable(),
            NextWake = nextWake,
        };
    }

    private static bool Same(JsonObject node, JsonElement stored) => stored.ValueKind == JsonValueKind.Object && JsonNode.DeepEquals(node, JsonObject.Create(stored));
}
