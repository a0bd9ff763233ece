using System.Globalization;
using Kubeflow.Orleans.Clusters.Tests.Faults;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests;

/// <summary>Many jobs through a connection on which everything goes wrong. KFO_CHAOS_JOBS and KFO_CHAOS_SEED choose other runs.</summary>
public sealed class ChaosTests(TargetCluster cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private static int JobCount => Number("KFO_CHAOS_JOBS", 60);

    [Fact]
    public async Task Jobs_end_right_with_one_set_of_pods_each_and_nothing_is_left()
    {
        await using var team = await cluster.NamespaceAsync();
        await using var proxy = await FaultyProxy.StartAsync(cluster);
        await using var plane = await ControlPlane.StartAsync([("default", proxy.Kubeconfig)]);
        proxy.Plan = new RandomFaults(Number("KFO_CHAOS_SEED", 20261));
        var pods = new PodLedger(cluster, team);

        await Parallel.ForEachAsync(Enumerable.Range(0, JobCount), async (index, _) =>
            await plane.SubmitAsync(team, Jobs.TFJob(cluster, Name(index), exitCode: Fails(index) ? 1 : 0)));
        var restarts = 0;
        await Until.TrueAsync("every job to end", async () =>
        {
            await pods.LookAsync();
            proxy.ComeBack();
            if (restarts < 3 && await EndedAsync(plane, team) > (restarts + 1) * JobCount / 4)
            {
                // The API server is restarted: it is away until the next look.
                restarts++;
                proxy.GoDown();
            }

            return await EndedAsync(plane, team) == JobCount;
        }, Limit);
        proxy.ComeBack();
        proxy.Plan = FaultPlan.None;

        var jobs = await plane.Api.ListAsync(team.Jobs);
        Assert.All(Enumerable.Range(0, JobCount), index =>
            Assert.True(jobs.Single(job => job.Name() == Name(index)).IsTrue(Fails(index) ? "Failed" : "Succeeded"), Name(index)));
        Assert.Equal(Enumerable.Range(0, JobCount).SelectMany(index => new[] { $"{Name(index)}-worker-0", $"{Name(index)}-worker-1" }).Order(), pods.Names);
        Assert.All(pods.UidsPerName, uids => Assert.Single(uids));

        await Parallel.ForEachAsync(jobs, async (job, _) => await plane.Api.DeleteAsync($"{team.Jobs}/{job.Name()}"));
        await Until.TrueAsync("nothing to be left", async () => (await cluster.Api.ListAsync(team.Pods)).Count == 0 && (await cluster.Api.ListAsync(team.Services)).Count == 0);
    }

    private static async Task<int> EndedAsync(ControlPlane plane, TestNamespace team) =>
        (await plane.Api.ListAsync(team.Jobs)).Count(job => job.IsTrue("Succeeded") || job.IsTrue("Failed"));

    private static string Name(int index) => $"chaos-{index.ToString(CultureInfo.InvariantCulture)}";

    private static bool Fails(int index) => index % 7 == 3;

    private static int Number(string variable, int standard) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : standard;

    /// <summary>Every pod that was ever seen in a namespace.</summary>
    private sealed class PodLedger(TargetCluster cluster, TestNamespace team)
    {
        private readonly Dictionary<string, HashSet<string>> seen = new(StringComparer.Ordinal);

        public IEnumerable<string> Names => seen.Keys.Order();

        public IEnumerable<IReadOnlyCollection<string>> UidsPerName => seen.Values;

        public async Task LookAsync()
        {
            foreach (var pod in await cluster.Api.ListAsync(team.Pods))
            {
                if (!seen.TryGetValue(pod.Name(), out var uids))
                {
                    seen[pod.Name()] = uids = new HashSet<string>(StringComparer.Ordinal);
                }

                uids.Add(pod.Uid());
            }
        }
    }
}
