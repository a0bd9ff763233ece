using k8s;
using k8s.Models;
using Kubeflow.Orleans.Grains.Training.GangScheduling;
using Kubeflow.Orleans.Grains.Training.TrainJob.Runtimes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>The pods of a job that start together or not at all, as the <c>podGroupPolicy</c> of its runtime says.</summary>
internal sealed class GangPlan
{
    public const string QueueAnnotation = "scheduling.volcano.sh/queue-name";

    private const int DefaultTimeoutSeconds = 60;

    private readonly TrainJobPlan plan;

    private GangPlan(TrainJobPlan plan, string scheduler)
    {
        this.plan = plan;
        Scheduler = new GangScheduler(scheduler);
    }

    /// <summary>The scheduler whose kind of group it is. The policy does not say what it is called in the cluster.</summary>
    public GangScheduler Scheduler { get; }

    /// <summary>Those that start at once; the others join them when what they wait for is ready.</summary>
    private IEnumerable<ReplicatedJob> First => plan.Jobs.Where(job => Includes(job) && !job.DependsOn.Any(dependency => plan.Find(dependency.Name) is { } earlier && Includes(earlier)));

    public static GangPlan? Of(TrainJobPlan plan)
    {
        var policy = plan.Runtime.PodGroupPolicy;
        var scheduler = policy.Get(RuntimeView.Volcano).IsPresent() ? GangScheduler.Volcano : policy.Get(RuntimeView.Coscheduling).IsPresent() ? RuntimeView.Coscheduling : null;
        return scheduler is null || plan.Job.Annotations.GangScheduler == GangScheduler.None ? null : new GangPlan(plan, scheduler);
    }

    /// <summary>What must end before others begin is no member: the group would wait for pods that wait for it.</summary>
    public bool Includes(ReplicatedJob job) => !plan.Jobs.Any(later => later.DependsOn.Any(
        dependency => dependency.Name == job.Name && (dependency.Status == Dependency.Complete || job.Step is TrainerApi.DatasetInitializer or TrainerApi.ModelInitializer)));

    /// <param name="named">The scheduler set for all jobs, or for this one: its name is given to pods that name none.</param>
    public void Join(V1Pod pod, GangScheduler? named)
    {
        GangMembership.Join(pod, plan.Job.Name, Scheduler);
        if (named is not null && named.IsVolcano == Scheduler.IsVolcano && string.IsNullOrEmpty(pod.Spec.SchedulerName))
        {
            pod.Spec.SchedulerName = named.Name;
        }
    }

    public IKubernetesObject<V1ObjectMeta> PodGroup(V1ObjectMeta metadata)
    {
        var minimum = First.Sum(Pods);
        var resources = MinimumResources.Sum(First.Select(job => ((long)Pods(job), MinimumResources.OfPod(job.Pod.Spec))));
        var policy = plan.Runtime.PodGroupPolicy;
        return Scheduler.IsVolcano
            ? new VolcanoPodGroup { Metadata = metadata, Spec = new VolcanoPodGroupSpec(minimum, resources, Queue, PriorityClass, Topology) }
            : new CoschedulingPodGroup
            {
                Metadata = metadata,
                Spec = new CoschedulingPodGroupSpec(minimum, resources, (int)(policy.Get(RuntimeView.Coscheduling).Integer("scheduleTimeoutSeconds") ?? DefaultTimeoutSeconds)),
            };
    }

    /// <summary>Null: Volcano's own default.</summary>
    private string? Queue => plan.Metadata.Annotations?.TryGetValue(QueueAnnotation, out var queue) == true ? queue : null;

    private string? PriorityClass => plan.Jobs.Select(job => job.Pod.Spec.PriorityClassName).FirstOrDefault(name => !string.IsNullOrEmpty(name));

    private VolcanoNetworkTopology? Topology => plan.Runtime.PodGroupPolicy.Get(RuntimeView.Volcano, "networkTopology") is var topology && topology.IsPresent()
        ? new VolcanoNetworkTopology(topology.Text("mode"), (int?)topology.Integer("highestTierAllowed"))
        : null;

    private static int Pods(ReplicatedJob job) => job.Replicas * job.Nodes;
}
