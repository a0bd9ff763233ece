using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Plan;

/// <summary>When the whole has succeeded. Without a policy: when all jobs have.</summary>
internal readonly record struct SuccessPolicy(JsonElement Element)
{
    public bool IsAny => Element.Text("operator") == "Any";

    public bool Concerns(ReplicatedJob job)
    {
        var targets = Element.Items("targetReplicatedJobs").Select(target => target.GetString()).ToList();
        return targets.Count == 0 || targets.Contains(job.Name);
    }
}

/// <summary>What the failure of one job means for all. Without a policy: the end.</summary>
internal readonly record struct FailurePolicy(JsonElement Element)
{
    public const string FailJobSet = "FailJobSet";
    public const string RestartJobSet = "RestartJobSet";

    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(100);

    public bool IsPresent => Element.IsPresent();

    public long MaxRestarts => Element.Integer("maxRestarts") ?? 0;

    /// <summary>What to do: the action of the first rule that matches.</summary>
    public string ActionOn(string replicatedJob, string reason, string message)
    {
        foreach (var rule in Element.Items("rules"))
        {
            if (Matches(rule, "targetReplicatedJobs", name => name == replicatedJob) && Matches(rule, "onJobFailureReasons", known => known == reason)
                && Matches(rule, "onJobFailureMessagePatterns", pattern => IsMatch(message, pattern)))
            {
                return rule.Text("action") ?? RestartJobSet;
            }
        }

        return RestartJobSet;
    }

    private static bool Matches(JsonElement rule, string field, Func<string, bool> matches)
    {
        var values = rule.Items(field).Select(value => value.GetString() ?? "").ToList();
        return values.Count == 0 || values.Exists(value => matches(value));
    }

    /// <summary>A pattern of a user's: one that is none matches nothing.</summary>
    private static bool IsMatch(string message, string pattern)
    {
        try
        {
            return Regex.IsMatch(message, pattern, RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (Exception invalid) when (invalid is ArgumentException or RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
