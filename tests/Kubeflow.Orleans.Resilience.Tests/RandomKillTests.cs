using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Processes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Kubeflow.Orleans.Resilience.Tests.Watching;
using Kubeflow.Orleans.Resilience.Tests.Workload;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests;

/// <summary>
/// The silo is killed again and again at random moments while jobs of every kind are submitted, suspended, resumed and deleted, while
/// processes are counted and clients watch.
/// </summary>
public sealed class RandomKillTests
{
    private const int Rounds = 20;
    private const int JobsPerRound = 3;
    private const int LongestLifeMilliseconds = 2500;

    /// <summary>The moments of a run are the seed's: KFO_KILL_SEEDS=1,2,3 tries others.</summary>
    public static TheoryData<int> Seeds =>
        [.. (Environment.GetEnvironmentVariable("KFO_KILL_SEEDS") ?? "20260729").Split(',').Select(seed => int.Parse(seed, CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Killed_twenty_times_every_acknowledged_object_is_kept_and_every_job_ends_as_it_should(int seed)
    {
        var random = new Random(seed);
        await using var silo = await KillableSilo.StartAsync("--simulated-nodes", "2");
        await using var census = new ProcessCensus(silo.Marker);
        await using var tfjobs = new Informer(silo, Jobs.TFJobs);
        await using var pytorchJobs = new Informer(silo, Jobs.PyTorchJobs);
        await using var pods = new Informer(silo, Jobs.Pods);
        var jobs = new List<SubmittedJob>();
        for (var round = 0; round < Rounds; round++)
        {
            jobs.AddRange(Enumerable.Range(jobs.Count, JobsPerRound).Select(number => new SubmittedJob(JobPlans.Next(silo, number))));
            var life = TimeSpan.FromMilliseconds(random.Next(LongestLifeMilliseconds));
            var submitting = SubmitAsync(silo, jobs, random.Next());
            await Task.Delay(life, TestContext.Current.CancellationToken);
            await silo.KillAsync();
            await submitting;
            await silo.StartAgainAsync();
            var listed = await ListAsync(silo.Api);
            jobs.ForEach(job => job.AssertKept(listed));
        }

        while (jobs.Any(job => !job.IsDone))
        {
            await SubmitAsync(silo, jobs, random.Next());
        }

        await AssertEndedAsync(silo, jobs);
        await AssertTracesAsync(silo, jobs);
        await AssertEventsAsync(silo);
        await tfjobs.AssertSameAsListAsync();
        await pytorchJobs.AssertSameAsListAsync();
        await pods.AssertSameAsListAsync();
        Assert.True(tfjobs.Resumed > Rounds / 2, $"The watch was resumed only {tfjobs.Resumed} times.");
        await census.AssertNoDoublesAsync();
    }

    /// <summary>One step for every job that has one to go, in random order, until the silo goes down.</summary>
    private static async Task SubmitAsync(KillableSilo silo, List<SubmittedJob> jobs, int seed)
    {
        var random = new Random(seed);
        try
        {
            foreach (var job in jobs.OrderBy(_ => random.Next()).ToList())
            {
                await job.StepAsync(silo.Api);
                await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
            }
        }
        catch (Exception problem) when (ApiClient.IsNoAnswer(problem) || problem is System.Text.Json.JsonException)
        {
            // Killed: the next round goes on with what is not acknowledged.
        }
    }

    private static async Task AssertEndedAsync(KillableSilo silo, List<SubmittedJob> jobs)
    {
        var differences = "";
        await Until.TrueAsync(() => $"every job to end as it should:\n{differences}", async () =>
        {
            var listed = await ListAsync(silo.Api);
            differences = string.Join('\n', jobs.Select(job => job.Differs(listed)).OfType<string>());
            return differences.Length == 0;
        });
    }

    /// <summary>Nothing runs any more, every container was started as often as it had to be, logs can be read.</summary>
    private static async Task AssertTracesAsync(KillableSilo silo, List<SubmittedJob> jobs)
    {
        await Until.TrueAsync(() => $"no process to be left: {string.Join(", ", ProcessTable.OfMarker(silo.Marker))}", () => Task.FromResult(ProcessTable.OfMarker(silo.Marker).Count == 0));
        var counted = jobs.Where(job => job.Plan.Expectation.Starts is not null).ToList();
        Assert.NotEmpty(counted);
        foreach (var (job, pod) in counted.SelectMany(job => job.Plan.Pods.Select(pod => (job, pod))))
        {
            Assert.Equal((pod, job.Plan.Expectation.Starts!.Value), (pod, Jobs.Starts(silo, pod).Count));
            Assert.Equal((pod, "from the job\n"), (pod, await silo.Api.GetTextAsync($"{Jobs.Pods}/{pod}/log")));
        }
    }

    /// <summary>Events are best effort and may die with the silo that was about to write them; a job that nobody disturbs has its own.</summary>
    private static async Task AssertEventsAsync(KillableSilo silo)
    {
        var undisturbed = new SubmittedJob(JobPlans.Plain(silo, "undisturbed"));
        await undisturbed.StepAsync(silo.Api);
        await AssertEndedAsync(silo, [undisturbed]);
        await Until.TrueAsync(() => "the events of a job that nobody disturbed", async () =>
        {
            var (events, _) = await silo.Api.ListAsync(Jobs.Events);
            var told = events.Where(item => (string?)item["involvedObject"]?["name"] == undisturbed.Plan.Name).Select(item => (string?)item["reason"]).ToHashSet();
            return told.IsSupersetOf(["SuccessfulCreatePod", "SuccessfulCreateService", "TFJobSucceeded"]);
        });
    }

    private static async Task<IReadOnlyDictionary<string, JsonObject>> ListAsync(ApiClient api)
    {
        var (tfjobs, _) = await api.ListAsync(Jobs.TFJobs);
        var (pytorchJobs, _) = await api.ListAsync(Jobs.PyTorchJobs);
        return tfjobs.Concat(pytorchJobs).ToDictionary(job => job.Name(), StringComparer.Ordinal);
    }
}
