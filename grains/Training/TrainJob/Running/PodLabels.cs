using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Grains.Training.TrainJob.Plan;
using Kubeflow.Orleans.Kubernetes;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>
/// The labels pods of a TrainJob carry: those that job sets and indexed jobs of Kubernetes would give them, by which SDKs, queues and
/// people find them.
/// </summary>
internal static class PodLabels
{
    public const string JobSetName = JobSet + "jobset-name";
    public const string ReplicatedJobName = JobSet + "replicatedjob-name";
    public const string RestartAttempt = JobSet + "restart-attempt";
    public const string JobName = Batch + "job-name";
    public const string Index = Batch + "job-completion-index";

    private const string JobSet = "jobset.sigs.k8s.io/";
    private const string Batch = "batch.kubernetes.io/";

    /// <summary>The labels every child carries.</summary>
    public static Dictionary<string, string> OfChild(TrainJobSpec job) => new(StringComparer.Ordinal)
    {
        [WellKnown.ManagedByLabel] = WellKnown.ManagerName,
        [WellKnown.OwnerUidLabel] = job.Uid,
        [WellKnown.OwnerResourceLabel] = $"trainjobs.{TrainerApi.Group}",
        [WellKnown.ShardLabel] = Text(StableHash.Shard(job.Uid)),
        [JobSetName] = job.Name,
    };

    /// <summary>Where a pod belongs in the job set; written as labels and as annotations.</summary>
    public static Dictionary<string, string> OfJobSet(TrainJobPlan plan, ChildJob child)
    {
        var group = plan.Jobs.Where(job => job.GroupName == child.Template.GroupName).ToList();
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [JobSetName] = plan.Job.Name,
            [JobSet + "jobset-uid"] = plan.Job.Uid,
            [ReplicatedJobName] = child.Template.Name,
            [RestartAttempt] = Text(child.Attempt),
            [JobSet + "replicatedjob-replicas"] = Text(child.Template.Replicas),
            [JobSet + "global-replicas"] = Text(plan.TotalJobs),
            [JobSet + "job-index"] = Text(child.Replica),
            [JobSet + "job-key"] = Key(plan.Job.Namespace, child.Name),
            [JobSet + "job-global-index"] = Text(child.Template.FirstIndex + child.Replica),
            [JobSet + "group-name"] = child.Template.GroupName,
            [JobSet + "group-replicas"] = Text(group.Sum(job => job.Replicas)),
            [JobSet + "job-group-index"] = Text(group.TakeWhile(job => job != child.Template).Sum(job => job.Replicas) + child.Replica),
        };
        if (plan.Coordinator.Text("replicatedJob") is { } coordinator)
        {
            labels[JobSet + "coordinator"] = $"{plan.Job.Name}-{coordinator}-{plan.Coordinator.Integer("jobIndex") ?? 0}-{plan.Coordinator.Integer("podIndex") ?? 0}.{plan.Subdomain}";
        }

        return labels;
    }

    /// <summary>What Kubernetes' job controller adds.</summary>
    public static Dictionary<string, string> OfBatchJob(TrainJobPlan plan, ChildJob child, int index) => new(StringComparer.Ordinal)
    {
        [JobName] = child.Name,
        ["job-name"] = child.Name,
        [Batch + "controller-uid"] = plan.Job.Uid,
        ["controller-uid"] = plan.Job.Uid,
        [Index] = Text(index),
    };

    /// <summary>The index a pod has in its job; null when its labels do not say.</summary>
    public static int? IndexOf(ObservedPod pod) => int.TryParse(pod.Labels.GetValueOrDefault(Index), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Key(string @namespace, string jobName) =>
#pragma warning disable CA5350 // Not for security: other programs compute the same name for the job.
        Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes($"{@namespace}/{jobName}")));
#pragma warning restore CA5350
}
