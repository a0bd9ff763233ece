namespace Kubeflow.Orleans.Cli.Running;

/// <summary>Says why a run failed: which replica, its exit code, what it wrote last. Pure.</summary>
internal static class FailureReport
{
    public static IEnumerable<string> Of(RunProgress progress) =>
        progress.Targets.Where(target => target.Verdict == Verdict.Failed).SelectMany(target => Of(target, progress));

    /// <summary>What keeps the unfinished replicas, for a run that took too long.</summary>
    public static IEnumerable<string> Waiting(RunProgress progress)
    {
        var unfinished = progress.Replicas.Where(replica => replica.Phase is not ("Succeeded" or "Failed")).ToList();
        return unfinished.Count == 0
            ? [.. progress.Targets.Where(target => target.Verdict == Verdict.Unfinished).Select(target => $"{target.Label} has no replica that runs; it is {(target.Condition.Length > 0 ? target.Condition : "new")}. {target.Message}".TrimEnd())]
            : unfinished.Select(replica => $"{progress.NameOf(replica)} is {replica.Phase}{(replica.Waiting.Length > 0 ? $", waiting: {replica.Waiting}" : "")}");
    }

    private static IEnumerable<string> Of(TargetState target, RunProgress progress)
    {
        yield return $"{target.Label} failed: {(target.Message.Length > 0 ? target.Message : target.Condition)}";
        var broken = progress.Replicas.Where(replica => replica.OwnerUid == target.Uid && (replica.Phase == "Failed" || replica.Broken is not null));
        foreach (var line in broken.SelectMany(replica => Of(replica, progress)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Of(ReplicaState replica, RunProgress progress)
    {
        var lines = progress.LastLines(replica.Uid);
        var end = replica.Broken is { } container ? $"{container.End}{(container.EndMessage.Length > 0 ? $": {container.EndMessage}" : "")}" : replica.Phase;
        yield return $"  {progress.NameOf(replica)} (pod {replica.PodName}): {end}{(lines.Count > 0 ? "; its last lines:" : "; it wrote nothing")}";
        foreach (var line in lines)
        {
            yield return $"    {line}";
        }
    }
}
