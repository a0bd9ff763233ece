using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Kubeflow.Orleans.Silos.Tests.Running;
using Kubeflow.Orleans.Store.Tests.Postgres;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests;

/// <summary>
/// Jobs are submitted to all silos while something is taken from them. Whatever was acknowledged is there, every job ends well, and every
/// pod has lived once.
/// </summary>
public sealed class LossTests(PostgresServer postgres, TargetCluster target)
{
    private const int JobCount = 60;
    private const int Workers = 2;

    /// <summary>How many jobs there are when it happens.</summary>
    private const int Before = 20;

    /// <summary>A silo is found dead after fifteen to twenty-five seconds, and the machine may be busy.</summary>
    private static readonly TimeSpan EvictionLimit = TimeSpan.FromSeconds(90);

    [Fact]
    public Task Jobs_survive_a_silo_that_is_killed_and_then_another_one() => RunAsync(async cluster =>
    {
        await cluster.Silos[0].KillAsync();
        await Until.TrueAsync("the killed silo to be voted out", async () => await cluster.ActiveAsync() == 2, EvictionLimit);
        await cluster.Silos[1].KillAsync();
    });

    [Fact]
    public Task Jobs_survive_two_silos_that_are_killed_at_once() =>
        RunAsync(cluster => Task.WhenAll(cluster.Silos[1].KillAsync(), cluster.Silos[2].KillAsync()));

    [Fact]
    public Task Jobs_survive_a_silo_that_freezes_is_voted_out_and_comes_back() => RunAsync(async cluster =>
    {
        var frozen = cluster.Silos[1];
        await frozen.FreezeAsync();
        await Until.TrueAsync("the frozen silo to be voted out", async () => await cluster.ActiveAsync() == 2, EvictionLimit);
        await frozen.ThawAsync();

        // It cannot stay: the others have taken over. It ends, and whoever looks after processes starts it again.
        await frozen.GoneAsync();
        await frozen.StartAsync();
    });

    [Theory]
    [InlineData("fast")]
    [InlineData("immediate")]
    public Task Jobs_survive_a_restart_of_the_database(string mode) => RunAsync(_ => postgres.RestartAsync(mode));

    [Fact]
    public Task Jobs_survive_a_rolling_restart_of_all_silos() => RunAsync(async cluster =>
    {
        foreach (var silo in cluster.Silos)
        {
            Assert.Equal(0, await silo.TerminateAsync());
            await silo.StartAsync();
        }
    });

    private async Task RunAsync(Func<SiloCluster, Task> loss)
    {
        await using var cluster = await SiloCluster.StartAsync(postgres, target);
        await using var team = await target.NamespaceAsync();
        await using var census = PodCensus.Start(target, team);
        var door = new FrontDoor(cluster.Silos);

        await SubmitAsync(door, team, 0, Before);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(loss(cluster), SubmitAsync(door, team, Before, JobCount));
        var lossTook = Stopwatch.GetElapsedTime(started);
        await Until.TrueAsync("every job to have ended", async () => (await door.ListAsync(team.Jobs)).Count(HasEnded) >= JobCount, TimeSpan.FromMinutes(3));
        var took = Stopwatch.GetElapsedTime(started);

        var jobs = await door.ListAsync(team.Jobs);
        Assert.Equal(Names(0, JobCount), jobs.Select(job => job.Name()).Order(StringComparer.Ordinal));
        Assert.All(jobs, job => Assert.True(job.IsTrue("Succeeded"), job.ToJsonString()));
        var pods = jobs.SelectMany(job => Enumerable.Range(0, Workers).Select(index => $"{job.Name()}-worker-{index}")).Order(StringComparer.Ordinal);
        Assert.Equal(pods, census.Lives.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(census.Lives, pod => pod.Value != 1);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Longest wait for an answer {door.LongestWait.TotalSeconds:0.0} s; the loss took {lossTook.TotalSeconds:0.0} s, and {took.TotalSeconds:0.0} s after it began all jobs were done."));
    }

    private async Task SubmitAsync(FrontDoor door, TestNamespace team, int from, int to)
    {
        for (var number = from; number < to; number++)
        {
            // From one to eight seconds: some end before, some during and some after the loss.
            await door.CreateAsync(team.Jobs, Jobs.TFJob(target, Name(number), Workers, seconds: 1 + (number % 8)));
        }
    }

    private static IEnumerable<string> Names(int from, int to) => Enumerable.Range(from, to - from).Select(Name);

    private static string Name(int number) => $"job-{number:00}";

    private static bool HasEnded(JsonObject job) => job.IsTrue("Succeeded") || job.IsTrue("Failed");
}
