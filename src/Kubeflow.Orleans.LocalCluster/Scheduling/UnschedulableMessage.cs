namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>Collects why each node was refused and says it as the Kubernetes scheduler does.</summary>
internal sealed class UnschedulableMessage
{
    private readonly SortedDictionary<string, int> reasons = new(StringComparer.Ordinal);
    private int nodes;
    private int hopeless;

    public void Add(IReadOnlyList<Obstacle> obstacles)
    {
        nodes++;
        hopeless += obstacles.Any(obstacle => obstacle.Permanent) ? 1 : 0;
        foreach (var obstacle in obstacles)
        {
            reasons[obstacle.Reason] = reasons.GetValueOrDefault(obstacle.Reason) + 1;
        }
    }

    /// <summary>What a pod's status has to say at least, see <see cref="PodScheduled.WithoutCounts"/>.</summary>
    public string Reasons => PodScheduled.WithoutCounts(ToString());

    public override string ToString()
    {
        if (nodes == 0)
        {
            return "no nodes available to schedule pods";
        }

        var causes = reasons.Select(reason => $"{reason.Value} {reason.Key}").Order(StringComparer.Ordinal);
        return $"0/{nodes} nodes are available: {string.Join(", ", causes)}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {string.Join(", ", Preemption())}.";
    }

    private IEnumerable<string> Preemption()
    {
        var undisturbed = nodes - hopeless;
        string[] outcomes =
        [
            .. undisturbed > 0 ? [$"{undisturbed} No preemption victims found for incoming pod"] : (string[])[],
            .. hopeless > 0 ? [$"{hopeless} Preemption is not helpful for scheduling"] : (string[])[],
        ];
        return outcomes.Order(StringComparer.Ordinal);
    }
}
