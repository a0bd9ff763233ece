using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Processes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests;

/// <summary>The silo is asked to end, or kept from starting twice.</summary>
public sealed class GracefulStopTests
{
    private const string UntilTold = "touch \"$POD_NAME.runs\"; until [ -e go ]; do sleep 0.1; done";

    [Fact]
    public async Task Stopped_gently_a_silo_leaves_no_process()
    {
        await using var silo = await KillableSilo.StartAsync();
        await RunAsync(silo, "gentle", 3, "trap 'touch \"$POD_NAME.asked\"; exit 0' TERM; touch \"$POD_NAME.runs\"; while :; do sleep 0.1; done");
        await RunAsync(silo, "stubborn", 1, "trap '' TERM; touch \"$POD_NAME.runs\"; while :; do sleep 0.1; done", gracePeriodSeconds: 1);
        await RunAsync(silo, "hidden", 1, "setsid sh -c 'sleep 600' & touch \"$POD_NAME.runs\"; wait");

        Assert.Equal(0, await silo.TerminateAsync());

        Assert.Empty(ProcessTable.OfMarker(silo.Marker));
        Assert.All(Enumerable.Range(0, 3), index => Assert.True(File.Exists(Path.Combine(silo.Work, $"gentle-worker-{index}.asked"))));
    }

    [Fact]
    public async Task Stopped_gently_while_jobs_stream_in_a_silo_leaves_no_process()
    {
        await using var silo = await KillableSilo.StartAsync();
        var submitting = SubmitUntilDownAsync(silo);
        await Until.TrueAsync(() => "some processes", () => Task.FromResult(ProcessTable.OfMarker(silo.Marker).Count(process => process.IsCommand) > 3));

        Assert.Equal(0, await silo.TerminateAsync());
        await submitting;

        Assert.Empty(ProcessTable.OfMarker(silo.Marker));
    }

    [Fact]
    public async Task Stopped_with_keep_pods_a_silo_leaves_processes_that_the_next_one_adopts()
    {
        await using var silo = await KillableSilo.StartAsync("--keep-pods");
        await using var census = new ProcessCensus(silo.Marker);
        await RunAsync(silo, "job", 2, UntilTold);
        var before = Commands(silo);

        Assert.Equal(0, await silo.TerminateAsync());
        Assert.Equal(before, Commands(silo));
        await silo.StartAgainAsync();
        await File.WriteAllTextAsync(Path.Combine(silo.Work, "go"), "", TestContext.Current.CancellationToken);

        await Until.TrueAsync(() => "the job to succeed", async () => (await silo.Api.GetAsync($"{Jobs.TFJobs}/job")).Body is var job && job.IsTrue("Succeeded") && job.Count("Worker", "succeeded") == 2);
        Assert.All(Enumerable.Range(0, 2), index => Assert.Single(Jobs.Starts(silo, $"job-worker-{index}")));
        await census.AssertNoDoublesAsync();
    }

    [Fact]
    public async Task A_second_silo_on_the_same_home_is_refused_and_does_the_first_no_harm()
    {
        await using var silo = await KillableSilo.StartAsync();

        var (exitCode, output) = await silo.StartSecondAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("in use", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(silo.Home, "run", "api.sock")), "The first silo's socket is gone.");
        await File.WriteAllTextAsync(Path.Combine(silo.Work, "go"), "", TestContext.Current.CancellationToken);
        await RunAsync(silo, "job", 1, UntilTold);
        await Until.TrueAsync(() => "the job to succeed", async () => (await silo.Api.GetAsync($"{Jobs.TFJobs}/job")).Body.IsTrue("Succeeded"));
    }

    private static async Task RunAsync(KillableSilo silo, string name, int replicas, string script, int gracePeriodSeconds = 5)
    {
        var job = Jobs.TFJob(silo, name, [new Role("Worker", replicas, "Never", script) { GracePeriodSeconds = gracePeriodSeconds }]);
        (await silo.Api.CreateAsync(Jobs.TFJobs, job)).RequireSuccess();
        for (var index = 0; index < replicas; index++)
        {
            await Until.FileAsync(Path.Combine(silo.Work, $"{name}-worker-{index}.runs"));
        }
    }

    private static async Task SubmitUntilDownAsync(KillableSilo silo)
    {
        var role = new Role("Worker", 1, "Never", "sleep 600") { GracePeriodSeconds = 1 };
        try
        {
            for (var number = 0; number < 1000; number++)
            {
                await silo.Api.CreateAsync(Jobs.TFJobs, Jobs.TFJob(silo, $"job-{number}", [role]));
                await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
            }
        }
        catch (Exception problem) when (ApiClient.IsNoAnswer(problem) || problem is System.Text.Json.JsonException)
        {
            // It goes down: that is what was waited for.
        }
    }

    private static List<JobProcess> Commands(KillableSilo silo) => [.. ProcessTable.OfMarker(silo.Marker).Where(process => process.IsCommand).OrderBy(process => process.Id)];
}
