using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Kubernetes;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>
/// One job of the plan as it is: an indexed job of Kubernetes, but its pods are ours. Each index must succeed once; failures are
/// counted against the back-off limit.
/// </summary>
internal sealed class ChildJob
{
    /// <summary>What Kubernetes makes unique names of: no vowels, nothing that looks alike.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 5;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(6);

    private readonly string ownerUid;
    private readonly Dictionary<string, ObservedPod> podByName;

    /// <param name="pods">The pods of the TrainJob, of any attempt.</param>
    public ChildJob(TrainJobPlan plan, ReplicatedJob template, int replica, IReadOnlyList<ObservedPod> pods, TrainJobNotes notes)
    {
        Template = template;
        Replica = replica;
        Name = plan.ChildName(template, replica);
        ownerUid = plan.Job.Uid;
        Notes = notes.Of(Name);
        Attempt = notes.RestartAttempt + Notes.OwnRestarts;
        var own = pods.Where(pod => pod.Labels.GetValueOrDefault(PodLabels.JobName) == Name).ToLookup(pod => pod.Labels.GetValueOrDefault(PodLabels.RestartAttempt) == PodLabels.Text(Attempt));
        Pods = [.. own[true]];
        FormerPods = [.. own[false]];
        podByName = Pods.ToDictionary(pod => pod.Name, StringComparer.Ordinal);
    }

    public ReplicatedJob Template { get; }

    public int Replica { get; }

    public string Name { get; }

    public int Attempt { get; }

    /// <summary>The pods of this attempt, those that have ended included.</summary>
    public ImmutableArray<ObservedPod> Pods { get; }

    /// <summary>Pods of attempts before: they must be gone before this one's begin, they have the same host names.</summary>
    public ImmutableArray<ObservedPod> FormerPods { get; }

    public ChildJobNotes Notes { get; private set; }

    public bool HasSucceeded => !HasFailed && (Completed.Count == Template.Nodes || Template.Indexes.AreEnough(Completed));

    public bool HasFailed => Notes.FailureReason is not null;

    public bool IsFinished => HasSucceeded || HasFailed;

    public IEnumerable<ObservedPod> UnfinishedPods => Pods.Where(IsUnfinished);

    /// <summary>Kubernetes calls a job active while a pod of it has not ended.</summary>
    public bool IsActive => !IsFinished && UnfinishedPods.Any();

    /// <summary>Every pod is ready or has succeeded.</summary>
    public bool IsReady => !IsFinished && Notes.Completed.Count + Pods.Count(pod => IsUnfinished(pod) && !pod.Terminating && IsPodReady(pod)) >= Template.Nodes;

    /// <summary>Pods beyond the wanted number, or beside the one that counts.</summary>
    public IEnumerable<ObservedPod> SurplusPods => UnfinishedPods.Where(pod => PodLabels.IndexOf(pod) is not { } index || index >= Template.Nodes || pod.Name != PodName(index));

    /// <summary>Indexes without a pod that have neither succeeded nor been given up.</summary>
    public IEnumerable<int> MissingIndexes => IsFinished ? [] : OpenIndexes.Where(index => !podByName.ContainsKey(PodName(index)));

    /// <summary>After a failure the next pod waits, longer each time; where indexes have limits of their own, each for itself.</summary>
    public DateTimeOffset? MayRetryAt(int index)
    {
        var used = Template.Indexes.BackoffLimitPerIndex is null ? Notes.UsedPods.Values.Sum() : Notes.UsedPods.GetValueOrDefault(index);
        return Notes.LastFailure is { } last && used > 0 ? last + TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << Math.Min(used - 1, 10))) : null;
    }

    public bool IsRetry(int index) => Notes.UsedPods.ContainsKey(index);

    public DateTimeOffset? Deadline => Template.JobSpec.Integer("activeDeadlineSeconds") is { } seconds and >= 0 and < 3_155_760_000 ? Notes.StartTime + TimeSpan.FromSeconds(seconds) : null;

    /// <summary>The same for the same pod, however often it is asked for: two creates of one pod are one.</summary>
    public string PodName(int index)
    {
        var hash = StableHash.Of($"{ownerUid}/{Name}/{Attempt}/{index}/{Notes.UsedPods.GetValueOrDefault(index)}");
        Span<char> suffix = stackalloc char[SuffixLength];
        foreach (ref var character in suffix)
        {
            character = Alphabet[(int)(hash % Alphabet.Length)];
            hash /= (uint)Alphabet.Length;
        }

        return $"{Name}-{PodLabels.Text(index)}-{suffix}";
    }

    public void Start(DateTimeOffset now) => Notes = Notes with { StartTime = Notes.StartTime ?? now };

    /// <summary>A suspended job's time does not run.</summary>
    public void Suspend() => Notes = Notes with { StartTime = null };

    /// <summary>Remembers what the pods tell now, each thing once.</summary>
    public void TakeNotes(DateTimeOffset now)
    {
        if (IsFinished)
        {
            return;
        }

        // A program that is told to stop saves its state and ends with 0: that is not the end of its training.
        var completed = Notes.Completed.Union(Pods.Where(pod => pod is { Phase: "Succeeded", Terminating: false }).Select(PodLabels.IndexOf).OfType<int>());
        Notes = completed.Count == Notes.Completed.Count ? Notes : Notes with { Completed = completed };
        foreach (var index in OpenIndexes.ToList())
        {
            if (podByName.TryGetValue(PodName(index), out var pod) && pod is { Phase: "Failed", Terminating: false })
            {
                CountFailure(index, pod, now);
            }
        }

        if (!IsFinished)
        {
            Limit(now);
        }
    }

    private List<int> Completed => [.. Notes.Completed.Where(index => index < Template.Nodes)];

    private IEnumerable<int> OpenIndexes => Enumerable.Range(0, Template.Nodes).Where(index => !Notes.Completed.Contains(index) && !Notes.FailedIndexes.Contains(index));

    private static bool IsUnfinished(ObservedPod pod) => pod.Phase is not ("Succeeded" or "Failed");

    private static bool IsPodReady(ObservedPod pod) => pod.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    private void CountFailure(int index, ObservedPod pod, DateTimeOffset now)
    {
        var (meaning, message) = PodFailures.Judge(Template.JobSpec, pod);
        Notes = Notes with
        {
            UsedPods = Notes.UsedPods.SetItem(index, Notes.UsedPods.GetValueOrDefault(index) + 1),
            LastFailure = now,
            Failures = Notes.Failures + (meaning is PodFailure.Count or PodFailure.FailIndex ? 1 : 0),
        };
        if (meaning == PodFailure.FailJob)
        {
            Fail("PodFailurePolicy", message);
        }
        else if (meaning != PodFailure.Ignore && Template.Indexes.BackoffLimitPerIndex is { } limit)
        {
            CountAgainst(index, givesUp: meaning == PodFailure.FailIndex, limit);
        }
    }

    private void CountAgainst(int index, bool givesUp, long limit)
    {
        var failures = Notes.IndexFailures.GetValueOrDefault(index) + 1;
        Notes = Notes with
        {
            IndexFailures = Notes.IndexFailures.SetItem(index, failures),
            FailedIndexes = givesUp || failures > limit ? Notes.FailedIndexes.Add(index) : Notes.FailedIndexes,
        };
    }

    private void Limit(DateTimeOffset now)
    {
        var restarts = Template.RestartsInPlace ? UnfinishedPods.SelectMany(pod => pod.InitContainers.Concat(pod.Containers)).Sum(container => (long)container.RestartCount) : 0;
        if (Notes.Failures > Template.BackoffLimit || (restarts > 0 && restarts + Notes.Failures >= Template.BackoffLimit))
        {
            Fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        else if (Deadline <= now)
        {
            Fail("DeadlineExceeded", "Job was active longer than specified deadline");
        }
        else if (Notes.FailedIndexes.Count > Template.Indexes.MaxFailedIndexes)
        {
            Fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        }
        else if (!Notes.FailedIndexes.IsEmpty && !OpenIndexes.Any())
        {
            Fail("FailedIndexes", "Job has failed indexes");
        }
    }

    private void Fail(string reason, string message) => Notes = Notes with { FailureReason = Notes.FailureReason ?? reason, FailureMessage = Notes.FailureMessage ?? message };
}
