namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>
/// The pods that wait for a node, in groups of equal demand. A group whose head finds no node is blocked as a whole until capacity
/// changes: a hundred thousand equal pods cost one attempt, not a hundred thousand.
/// </summary>
internal sealed class PendingPods
{
    private readonly Dictionary<PodDemand, Group> groups = [];

    public void Add(ScheduledPod pod)
    {
        if (!groups.TryGetValue(pod.Demand, out var group))
        {
            groups[pod.Demand] = group = new Group(pod.Demand);
        }

        group.Add(pod);
    }

    public void Remove(ScheduledPod pod)
    {
        if (groups.TryGetValue(pod.Demand, out var group) && group.Remove(pod) && group.IsEmpty)
        {
            groups.Remove(pod.Demand);
        }
    }

    public void Unblock()
    {
        foreach (var group in groups.Values)
        {
            group.Blocked = null;
        }
    }

    public void Clear() => groups.Clear();

    /// <summary>The groups worth an attempt: highest priority first, then by the age of their oldest pod.</summary>
    public PriorityQueue<Group, (long, DateTimeOffset, long)> Candidates()
    {
        var queue = new PriorityQueue<Group, (long, DateTimeOffset, long)>();
        foreach (var group in groups.Values)
        {
            if (group.Blocked is null)
            {
                queue.Enqueue(group, group.Order);
            }
        }

        return queue;
    }

    /// <summary>Pods of blocked groups whose status does not say yet why they wait.</summary>
    public IEnumerable<(ScheduledPod Pod, UnschedulableMessage Message)> Unreported() =>
        groups.Values.Where(group => group.Blocked is not null).SelectMany(group => group.Unreported().Select(pod => (pod, group.Blocked!)));

    internal sealed class Group(PodDemand demand)
    {
        private readonly SortedDictionary<(DateTimeOffset, long, string), ScheduledPod> pods = [];

        public PodDemand Demand { get; } = demand;

        /// <summary>Why its pods cannot be placed at present; null: an attempt is worth it.</summary>
        public UnschedulableMessage? Blocked { get; set; }

        public bool IsEmpty => pods.Count == 0;

        public ScheduledPod Head => pods.First().Value;

        public (long, DateTimeOffset, long) Order => (-Demand.Priority, Head.Created, Head.Version);

        public void Add(ScheduledPod pod) => pods[PlaceOf(pod)] = pod;

        public bool Remove(ScheduledPod pod) => pods.Remove(PlaceOf(pod));

        public IEnumerable<ScheduledPod> Unreported() => pods.Values.Where(pod => pod.Reported != Blocked!.Reasons);

        private static (DateTimeOffset, long, string) PlaceOf(ScheduledPod pod) => (pod.Created, pod.Version, pod.Uid);
    }
}
