using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>All jobs of a plan as they are.</summary>
internal sealed class ChildJobs
{
    private readonly TrainJobPlan plan;

    public ChildJobs(TrainJobPlan plan, IReadOnlyList<ObservedPod> pods, TrainJobNotes notes)
    {
        this.plan = plan;
        All = [.. plan.Jobs.SelectMany(template => Enumerable.Range(0, template.Replicas).Select(replica => new ChildJob(plan, template, replica, pods, notes)))];
        var known = All.Select(child => child.Name).ToHashSet(StringComparer.Ordinal);
        Strangers = [.. pods.Where(pod => !known.Contains(pod.Labels.GetValueOrDefault(PodLabels.JobName) ?? ""))];
    }

    public ImmutableArray<ChildJob> All { get; }

    /// <summary>Pods of jobs that are not in the plan any more.</summary>
    public ImmutableArray<ObservedPod> Strangers { get; }

    public ChildJob? FirstFailed => All.FirstOrDefault(child => child.HasFailed);

    public bool HaveSucceeded
    {
        get
        {
            var targets = All.Where(child => plan.SuccessPolicy.Concerns(child.Template)).ToList();
            return targets.Count > 0 && (plan.SuccessPolicy.IsAny ? targets.Exists(child => child.HasSucceeded) : targets.TrueForAll(child => child.HasSucceeded));
        }
    }

    public ImmutableSortedDictionary<string, ChildJobNotes> Notes =>
        All.Where(child => child.Notes != ChildJobNotes.None).ToImmutableSortedDictionary(child => child.Name, child => child.Notes, StringComparer.Ordinal);

    /// <summary>What it depends on has come.</summary>
    public bool MayStart(ChildJob child) => child.Template.DependsOn.All(dependency => Of(dependency.Name).All(
        earlier => earlier.HasSucceeded || (dependency.Status == Dependency.Ready && (earlier.IsReady || earlier.HasFailed))));

    /// <summary>Counts of jobs, not of pods, for each replicated job.</summary>
    public ImmutableArray<JobCounts> Counts(bool suspended) =>
    [
        .. plan.Jobs.Select(job => new JobCounts(
            job.Name,
            Count(job, child => child.IsReady && !suspended),
            Count(job, child => child.HasSucceeded),
            Count(job, child => child.HasFailed),
            Count(job, child => child.IsActive),
            Count(job, child => suspended && !child.IsFinished))),
    ];

    private int Count(ReplicatedJob job, Func<ChildJob, bool> counts) => Of(job.Name).Count(counts);

    private IEnumerable<ChildJob> Of(string name) => All.Where(child => child.Template.Name == name);
}
