using Kubeflow.Orleans.LocalCluster.Json;
using Xunit;

namespace Kubeflow.Orleans.LocalCluster.Tests.Running;

/// <summary>batch/v1 Jobs on simulated nodes.</summary>
public sealed class JobTests
{
    private static CancellationToken Current => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_whose_pod_succeeds_completes_and_is_counted()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("done", "duration: 100ms"));

        var job = await cluster.WaitAsync("jobs.batch/default/done", "complete", job => Condition(job, "Complete"));

        Assert.Equal(1, job!.Root.Integer("status", "succeeded"));
        Assert.True(job.Root.Has("status", "completionTime"));
        var pod = Assert.Single(await cluster.ListAsync("pods"));
        Assert.StartsWith("done-", pod.Metadata.Name, StringComparison.Ordinal);
        Assert.Equal(job.Metadata.Uid, pod.Metadata.Controller!.Uid);
        Assert.Equal("done", pod.Metadata.Labels["batch.kubernetes.io/job-name"]);
    }

    [Fact]
    public async Task Job_whose_pod_fails_beyond_its_limit_fails()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("broken", "duration: 100ms, exit: 3", "backoffLimit: 0"));

        var job = await cluster.WaitAsync("jobs.batch/default/broken", "failed", job => Condition(job, "Failed"));

        Assert.Equal(1, job!.Root.Integer("status", "failed"));
        Assert.Equal("BackoffLimitExceeded", job.Root.Items("status", "conditions").Last().Text("reason"));
    }

    [Fact]
    public async Task Suspended_job_has_no_pod_until_it_is_resumed()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("later", "duration: 100ms", "suspend: true"));
        await cluster.WaitAsync("jobs.batch/default/later", "suspended", job => Condition(job, "Suspended"));
        Assert.Empty(await cluster.ListAsync("pods"));

        await cluster.Resources.ModifyAsync(Core.Resources.ResourceKey.Parse("jobs.batch/default/later"), Resume, Current);

        var job = await cluster.WaitAsync("jobs.batch/default/later", "complete", job => Condition(job, "Complete"));
        Assert.False(Condition(job, "Suspended"));
    }

    [Fact]
    public async Task Running_job_that_is_suspended_loses_its_pod_without_a_failure()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("stopped", "duration: 1h"));
        await cluster.WaitAsync("jobs.batch/default/stopped", "ready", job => job?.Root.Integer("status", "ready") == 1);

        await cluster.Resources.ModifyAsync(Core.Resources.ResourceKey.Parse("jobs.batch/default/stopped"), job => { job.Child("spec")["suspend"] = true; return true; }, Current);

        await cluster.WaitAsync("pods", () => "no pod", async () => (await cluster.ListAsync("pods")).Count == 0);
        var job = await cluster.WaitAsync("jobs.batch/default/stopped", "suspended", job => Condition(job, "Suspended"));
        Assert.Null(job!.Root.Integer("status", "failed"));
        Assert.Null(job.Root.Integer("status", "active"));
    }

    [Fact]
    public async Task Job_fails_at_its_deadline_and_its_pod_goes()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("slow", "duration: 1h", "activeDeadlineSeconds: 1"));

        var job = await cluster.WaitAsync("jobs.batch/default/slow", "failed", job => Condition(job, "Failed"));

        Assert.Equal("DeadlineExceeded", job!.Root.Items("status", "conditions").Last().Text("reason"));
        await cluster.WaitAsync("pods", () => "no pod", async () => (await cluster.ListAsync("pods")).Count == 0);
    }

    [Fact]
    public async Task Finished_job_goes_when_its_time_to_live_is_over_and_its_pod_with_it()
    {
        await using var cluster = await StartAsync();
        await cluster.CreateAsync(Job("brief", "duration: 100ms", "ttlSecondsAfterFinished: 0"));

        await cluster.WaitAsync("jobs.batch/default/brief", "gone", job => job is null);
        await cluster.WaitAsync("pods", () => "no pod", async () => (await cluster.ListAsync("pods")).Count == 0);
    }

    private static bool Resume(System.Text.Json.Nodes.JsonObject job)
    {
        job.Child("spec")["suspend"] = false;
        return true;
    }

    private static bool Condition(Core.Resources.Document? job, string type) =>
        job is not null && job.Root.Items("status", "conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == "True");

    private static string Job(string name, string pod, string spec = "backoffLimit: 1") => $$"""
        apiVersion: batch/v1
        kind: Job
        metadata: {name: {{name}}}
        spec:
          {{spec}}
          template:
            metadata: {annotations: { {{Annotations(pod)}} } }
            spec:
              restartPolicy: Never
              containers: [{name: main, image: busybox, command: ["true"]}]
        """;

    private static string Annotations(string pod) => string.Join(", ", pod.Split(", ").Select(setting => setting.Split(": ") switch
    {
        ["duration", var time] => $"kubeflow-orleans.dev/simulated-duration: {time}",
        [_, var code] => $"kubeflow-orleans.dev/simulated-exit-code: \"{code}\"",
        _ => throw new ArgumentException(setting),
    }));

    private static Task<RunningCluster> StartAsync() => RunningCluster.StartAsync(options => options.SimulatedNodes = 1);
}
