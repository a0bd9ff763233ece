using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Jobs;

/// <summary>What to do about a job.</summary>
internal sealed record JobPlan
{
    public int Create { get; init; }

    public IReadOnlyList<Document> Delete { get; init; } = [];

    /// <summary>The whole new status.</summary>
    public required JsonObject Status { get; init; }

    /// <summary>When to look again although nothing changes.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>Its time to live is over.</summary>
    public bool Expired { get; init; }
}

/// <summary>How a batch/v1 Job gets from its pods to its end. Pure.</summary>
internal static class JobDecision
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);

    public static JobPlan Decide(Document job, JobPods pods, DateTimeOffset now)
    {
        var status = job.ToNode()["status"] as JsonObject ?? [];
        if (Ended(status) is { } end)
        {
            return AfterEnd(job, pods, status, end, now);
        }

        if (job.Root.Flag("spec", "suspend"))
        {
            return Suspend(pods, status, now);
        }

        if (status.Objects("conditions").Any(condition => condition.Text("type") == "Suspended"))
        {
            status.SetCondition("Suspended", "False", "JobResumed", "Job resumed", now.Rfc3339());
        }

        status.Default("startTime", now.Rfc3339());
        Count(status, pods);
        return End(job, pods, status, now) ?? Run(job, pods, status, now);
    }

    private static JobPlan? End(Document job, JobPods pods, JsonObject status, DateTimeOffset now)
    {
        var spec = job.Root.At("spec");
        var limit = spec.Integer("backoffLimit") ?? 6;
        var restarts = spec.Text("template", "spec", "restartPolicy") == "OnFailure" ? pods.Restarts : 0;
        if (pods.Succeeded >= Completions(job) && (spec.Integer("completions") is not null || pods.Active.Count == 0))
        {
            status["completionTime"] = now.Rfc3339();
            return Conclude(pods, status, "SuccessCriteriaMet", "Complete", "CompletionsReached", "Reached expected number of succeeded pods", now);
        }

        if (pods.Failed > limit || restarts > 0 && restarts >= limit)
        {
            return Conclude(pods, status, "FailureTarget", "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit", now);
        }

        return Deadline(job, status) <= now
            ? Conclude(pods, status, "FailureTarget", "Failed", "DeadlineExceeded", "Job was active longer than specified deadline", now)
            : null;
    }

    private static JobPlan Conclude(JobPods pods, JsonObject status, string verdict, string condition, string reason, string message, DateTimeOffset now)
    {
        status.SetCondition(verdict, "True", reason, message, now.Rfc3339());
        status.SetCondition(condition, "True", reason, message, now.Rfc3339());
        status.Remove("active");
        status.Remove("ready");
        return new JobPlan { Status = status, Delete = pods.Active };
    }

    /// <summary>Missing pods are made; after a failure only when the pause is over, which grows with every failure.</summary>
    private static JobPlan Run(Document job, JobPods pods, JsonObject status, DateTimeOffset now)
    {
        var spec = job.Root.At("spec");
        var open = spec.Integer("completions") is { } completions ? completions - pods.Succeeded : pods.Succeeded > 0 ? 0 : long.MaxValue;
        var occupied = pods.Active.Count + (spec.Text("podReplacementPolicy") == "Failed" ? pods.Terminating : 0);
        var missing = (int)Math.Clamp(Math.Min(spec.Integer("parallelism") ?? 1, open) - occupied, 0, int.MaxValue);
        var deadline = Deadline(job, status);
        var pause = pods.LastFailure + Backoff(pods.Failed);
        return missing > 0 && pause > now
            ? new JobPlan { Status = status, WakeAt = pause < deadline || deadline is null ? pause : deadline }
            : new JobPlan { Status = status, Create = missing, WakeAt = deadline };
    }

    private static JobPlan Suspend(JobPods pods, JsonObject status, DateTimeOffset now)
    {
        Count(status, pods);
        status.Remove("active");
        status.Remove("ready");
        status.Remove("startTime");
        status.SetCondition("Suspended", "True", "JobSuspended", "Job suspended", now.Rfc3339());
        return new JobPlan { Status = status, Delete = pods.Active };
    }

    private static JobPlan AfterEnd(Document job, JobPods pods, JsonObject status, DateTimeOffset end, DateTimeOffset now)
    {
        var expiry = job.Root.Integer("spec", "ttlSecondsAfterFinished") is { } seconds ? end.AddSeconds(seconds) : (DateTimeOffset?)null;
        return new JobPlan { Status = status, Delete = pods.Active, WakeAt = expiry, Expired = expiry <= now };
    }

    private static void Count(JsonObject status, JobPods pods)
    {
        foreach (var (name, count) in ((string, int)[])[("active", pods.Active.Count), ("ready", pods.Ready), ("succeeded", pods.Succeeded), ("failed", pods.Failed), ("terminating", pods.Terminating)])
        {
            if (count > 0)
            {
                status[name] = count;
            }
            else
            {
                status.Remove(name);
            }
        }
    }

    private static long Completions(Document job) => job.Root.Integer("spec", "completions") ?? 1;

    private static DateTimeOffset? Deadline(Document job, JsonObject status) =>
        job.Root.Integer("spec", "activeDeadlineSeconds") is { } seconds ? Time(status.Text("startTime"))?.AddSeconds(seconds) : null;

    private static TimeSpan Backoff(int failures)
    {
        var pause = FirstBackoff * Math.Pow(2, Math.Max(failures - 1, 0));
        return pause < LongestBackoff ? pause : LongestBackoff;
    }

    private static DateTimeOffset? Ended(JsonObject status) => status.Objects("conditions")
        .Where(condition => condition.Text("type") is "Complete" or "Failed" && condition.Text("status") == "True")
        .Select(condition => Time(condition.Text("lastTransitionTime"))).FirstOrDefault();

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
