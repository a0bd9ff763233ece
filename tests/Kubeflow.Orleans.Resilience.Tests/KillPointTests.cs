using System.Text.Json.Nodes;
using Kubeflow.Orleans.Resilience.Tests.Processes;
using Kubeflow.Orleans.Resilience.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests;

/// <summary>The silo is killed at the moments that hurt most, each chosen on purpose, and started again on the same home.</summary>
public sealed class KillPointTests
{
    [Fact]
    public async Task Killed_right_after_a_create_was_acknowledged_the_job_runs_once()
    {
        await using var silo = await KillableSilo.StartAsync();
        var created = await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 2, "Never", "exit 0")]));

        await silo.KillAsync();
        await silo.StartAgainAsync();

        var job = await UntilJobAsync(silo, "job", "Succeeded");
        Assert.Equal(created.Uid(), job.Uid());
        Assert.Equal(2, job.Count("Worker", "succeeded"));
        AssertStartedOnce(silo, "job-worker-0", "job-worker-1");
    }

    [Fact]
    public async Task Killed_when_the_pod_is_there_and_its_process_is_not_the_job_runs_once()
    {
        await using var silo = await KillableSilo.StartAsync();
        await using var census = new ProcessCensus(silo.Marker);
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, "Never", "sleep 1; exit 0")]));
        await Until.TrueAsync(() => "the pod", async () => (await silo.Api.GetAsync($"{Jobs.Pods}/job-worker-0")).IsSuccess);

        await silo.KillAsync();
        await silo.StartAgainAsync();

        await UntilJobAsync(silo, "job", "Succeeded");
        AssertStartedOnce(silo, "job-worker-0");
        await census.AssertNoDoublesAsync();
    }

    [Fact]
    public async Task Killed_while_an_init_container_runs_it_is_adopted_and_the_main_container_follows_once()
    {
        await using var silo = await KillableSilo.StartAsync();
        await using var census = new ProcessCensus(silo.Marker);
        var role = new Role("Worker", 1, "Never", "exit 0") { InitScript = "until [ -e go ]; do sleep 0.1; done" };
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [role]));
        await Until.FileAsync(Path.Combine(silo.Work, "job-worker-0.init.starts"));

        await silo.KillAsync();
        await silo.StartAgainAsync();
        Touch(silo, "go");

        await UntilJobAsync(silo, "job", "Succeeded");
        Assert.Single(Jobs.Starts(silo, "job-worker-0", "init"));
        AssertStartedOnce(silo, "job-worker-0");
        await census.AssertNoDoublesAsync();
    }

    [Fact]
    public async Task Killed_while_a_deleted_job_terminates_its_pods_and_processes_go()
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, "Never", "trap 'touch asked; sleep 2; exit 0' TERM; touch runs; while :; do sleep 0.1; done")]));
        await Until.FileAsync(Path.Combine(silo.Work, "runs"));
        (await silo.Api.DeleteAsync($"{Jobs.TFJobs}/job")).RequireSuccess();
        await Until.FileAsync(Path.Combine(silo.Work, "asked"));

        await silo.KillAsync();
        await silo.StartAgainAsync();

        await UntilNothingIsLeftAsync(silo);
        AssertStartedOnce(silo, "job-worker-0");
    }

    [Fact]
    public async Task Killed_right_after_a_delete_was_acknowledged_pods_and_processes_go()
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 2, "Never", "touch \"$POD_NAME.runs\"; sleep 600")]));
        await Until.FileAsync(Path.Combine(silo.Work, "job-worker-0.runs"));
        await Until.FileAsync(Path.Combine(silo.Work, "job-worker-1.runs"));
        (await silo.Api.DeleteAsync($"{Jobs.TFJobs}/job")).RequireSuccess();

        await silo.KillAsync();
        await silo.StartAgainAsync();

        await UntilNothingIsLeftAsync(silo);
    }

    [Fact]
    public async Task Killed_at_the_moment_a_process_exits_the_exit_code_is_not_lost()
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.PyTorchJob(silo, "job", [new("Master", 1, "Never", "sleep 1; touch exits; exit 7")]));
        await Until.FileAsync(Path.Combine(silo.Work, "exits"));

        await silo.KillAsync();
        await silo.StartAgainAsync();

        var job = await UntilJobAsync(silo, "job", "Failed", Jobs.PyTorchJobs);
        Assert.Equal(1, job.Count("Master", "failed"));
        Assert.Equal(7, await ExitCodeAsync(silo, "job-master-0"));
        AssertStartedOnce(silo, "job-master-0");
    }

    [Fact]
    public async Task A_process_that_ends_while_no_silo_runs_is_known_by_its_exit_code()
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, "Never", "touch runs; until [ -e go ]; do sleep 0.1; done; echo said last; exit 9")]));
        await Until.FileAsync(Path.Combine(silo.Work, "runs"));

        await silo.KillAsync();
        Touch(silo, "go");
        await UntilNoProcessAsync(silo);
        await silo.StartAgainAsync();

        await UntilJobAsync(silo, "job", "Failed");
        Assert.Equal(9, await ExitCodeAsync(silo, "job-worker-0"));
        Assert.Equal("said last\n", await silo.Api.GetTextAsync($"{Jobs.Pods}/job-worker-0/log"));
        AssertStartedOnce(silo, "job-worker-0");
    }

    [Theory]
    [InlineData("OnFailure", "Succeeded", 2)]
    [InlineData("ExitCode", "Succeeded", 2)]
    [InlineData("Never", "Failed", 1)]
    public async Task Processes_killed_together_with_the_silo_are_replaced_as_the_restart_policy_says(string restartPolicy, string end, int starts)
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, restartPolicy, "[ -e ran ] && exit 0; touch ran; sleep 600")]));
        await Until.FileAsync(Path.Combine(silo.Work, "ran"));

        await silo.KillAsync();
        await silo.KillProcessesAsync();
        await silo.StartAgainAsync();

        await UntilJobAsync(silo, "job", end);
        Assert.Equal(starts, Jobs.Starts(silo, "job-worker-0").Count);
    }

    [Fact]
    public async Task Killed_when_a_job_has_just_ended_its_clean_up_and_time_to_live_are_completed()
    {
        await using var silo = await KillableSilo.StartAsync();
        var policy = new JsonObject { ["cleanPodPolicy"] = "All", ["ttlSecondsAfterFinished"] = 1 };
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 2, "Never", "exit 0")], policy));
        await UntilJobAsync(silo, "job", "Succeeded");

        await silo.KillAsync();
        await silo.StartAgainAsync();

        await UntilNothingIsLeftAsync(silo);
    }

    [Fact]
    public async Task Killed_again_before_it_is_ready_a_silo_starts_the_next_time()
    {
        await using var silo = await KillableSilo.StartAsync();
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, "Never", "touch runs; until [ -e go ]; do sleep 0.1; done")]));
        await Until.FileAsync(Path.Combine(silo.Work, "runs"));

        foreach (var lifetime in (int[])[50, 200, 400, 600, 800])
        {
            await silo.KillAsync();
            await silo.StartAndKillAsync(TimeSpan.FromMilliseconds(lifetime));
            await silo.StartAgainAsync();
        }

        Touch(silo, "go");
        await UntilJobAsync(silo, "job", "Succeeded");
        AssertStartedOnce(silo, "job-worker-0");
    }

    [Fact]
    public async Task A_suspension_acknowledged_right_before_the_kill_ends_the_pods_and_the_resumption_runs_them_anew()
    {
        await using var silo = await KillableSilo.StartAsync();
        await using var census = new ProcessCensus(silo.Marker);
        await CreateAsync(silo, Jobs.TFJob(silo, "job", [new("Worker", 1, "Never", "[ -e go ] && exit 0; touch runs; while :; do sleep 0.1; done")]));
        await Until.FileAsync(Path.Combine(silo.Work, "runs"));
        (await silo.Api.PatchAsync($"{Jobs.TFJobs}/job", """{"spec":{"runPolicy":{"suspend":true}}}""")).RequireSuccess();

        await silo.KillAsync();
        await silo.StartAgainAsync();
        await UntilJobAsync(silo, "job", "Suspended");
        await Until.TrueAsync(() => "the pods to be gone", async () => (await silo.Api.ListAsync(Jobs.Pods)).Items.Count == 0);
        Assert.Empty(ProcessTable.OfMarker(silo.Marker));
        Touch(silo, "go");
        (await silo.Api.PatchAsync($"{Jobs.TFJobs}/job", """{"spec":{"runPolicy":{"suspend":false}}}""")).RequireSuccess();
        await silo.KillAsync();
        await silo.StartAgainAsync();

        await UntilJobAsync(silo, "job", "Succeeded");
        Assert.Equal(2, Jobs.Starts(silo, "job-worker-0").Distinct().Count());
        Assert.Equal(2, Jobs.Starts(silo, "job-worker-0").Count);
        await census.AssertNoDoublesAsync();
    }

    private static async Task<JsonObject> CreateAsync(KillableSilo silo, JsonObject job) =>
        (await silo.Api.CreateAsync((string)job["kind"]! == "TFJob" ? Jobs.TFJobs : Jobs.PyTorchJobs, job)).RequireSuccess().Body;

    private static async Task<JsonObject> UntilJobAsync(KillableSilo silo, string name, string condition, string collection = Jobs.TFJobs)
    {
        JsonObject? job = null;
        await Until.TrueAsync(() => $"{name} to be {condition}: {job?["status"]?.ToJsonString()}", async () => (job = (await silo.Api.GetAsync($"{collection}/{name}")).RequireSuccess().Body).IsTrue(condition));
        return job!;
    }

    private static async Task<int> ExitCodeAsync(KillableSilo silo, string pod) =>
        (int)(await silo.Api.GetAsync($"{Jobs.Pods}/{pod}")).RequireSuccess().Body["status"]!["containerStatuses"]![0]!["state"]!["terminated"]!["exitCode"]!;

    private static async Task UntilNothingIsLeftAsync(KillableSilo silo)
    {
        foreach (var collection in (string[])[Jobs.TFJobs, Jobs.Pods])
        {
            await Until.TrueAsync(() => $"{collection} to be empty", async () => (await silo.Api.ListAsync(collection)).Items.Count == 0);
        }

        await Until.TrueAsync(() => "the jobs' services to be gone", async () => (await silo.Api.ListAsync(Jobs.Services)).Items.All(service => service.Name() == "kubernetes"));
        await UntilNoProcessAsync(silo);
        var pods = Path.Combine(silo.Home, "data", "kubelet", "pods");
        await Until.TrueAsync(() => $"{pods} to be empty", () => Task.FromResult(!Directory.EnumerateDirectories(pods).Any()));
    }

    private static Task UntilNoProcessAsync(KillableSilo silo) => Until.TrueAsync(
        () => $"no process to be left: {string.Join(", ", ProcessTable.OfMarker(silo.Marker))}", () => Task.FromResult(ProcessTable.OfMarker(silo.Marker).Count == 0));

    private static void AssertStartedOnce(KillableSilo silo, params string[] pods) => Assert.All(pods, pod => Assert.Single(Jobs.Starts(silo, pod)));

    private static void Touch(KillableSilo silo, string file) => File.WriteAllText(Path.Combine(silo.Work, file), "");
}
