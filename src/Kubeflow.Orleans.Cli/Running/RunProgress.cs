using System.Globalization;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>
/// All that is known about a run, fed with what watches and logs bring. Each step returns the sentences a person is told about it;
/// what changes nothing for a person returns none. Not for use by several threads.
/// </summary>
internal sealed class RunProgress
{
    private const int LinesKept = 10;

    private readonly Dictionary<string, TargetState> targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReplicaState> replicas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<string>> lastLines = new(StringComparer.Ordinal);

    public RunProgress(IEnumerable<TargetState> targets)
    {
        foreach (var target in targets)
        {
            this.targets[target.Uid] = target;
        }
    }

    public IReadOnlyCollection<TargetState> Targets => targets.Values;

    /// <summary>In the order of their names; those of pods that are gone stay.</summary>
    public IEnumerable<ReplicaState> Replicas => replicas.Values.OrderBy(replica => replica.PodName, StringComparer.Ordinal);

    public bool Finished => targets.Values.All(target => target.Verdict != Verdict.Unfinished);

    public bool Concerns(ReplicaState replica) => targets.ContainsKey(replica.OwnerUid);

    /// <summary>How a replica is called in this run: with its job's name where there are several jobs.</summary>
    public string NameOf(ReplicaState replica) => targets.Count > 1 ? replica.PodName : replica.Name;

    /// <summary>The last lines a replica wrote, oldest first.</summary>
    public IReadOnlyCollection<string> LastLines(string podUid) => lastLines.TryGetValue(podUid, out var lines) ? lines : [];

    public IReadOnlyList<string> SeeTarget(Document document, bool gone)
    {
        var seen = TargetState.Read(document);
        if (!targets.TryGetValue(seen.Uid, out var before))
        {
            return [];
        }

        if (gone && seen.Verdict == Verdict.Unfinished)
        {
            seen = seen with { Verdict = Verdict.Failed, Condition = "Deleted", Message = "It was deleted before it finished." };
        }

        targets[seen.Uid] = seen;
        return
        [
            .. seen.Progress == before.Progress || seen.Progress.Length == 0 ? Array.Empty<string>() : [$"{seen.Label}  {seen.Progress}"],
            .. seen.Condition == before.Condition || seen.Condition.Length == 0 ? Array.Empty<string>() : [$"{seen.Label}  {seen.Condition}{Detail(seen.Message)}"],
        ];
    }

    public IReadOnlyList<string> SeeReplica(ReplicaState seen)
    {
        var before = replicas.GetValueOrDefault(seen.Uid);
        replicas[seen.Uid] = seen;
        var news = new List<string>();
        if (before is not null && seen.Restarts > before.Restarts)
        {
            news.Add($"{NameOf(seen)}  restarted ({seen.Restarts}){Detail(seen.Broken?.End ?? "")}");
        }

        if (seen.Phase != before?.Phase)
        {
            news.Add($"{NameOf(seen)}  {seen.Phase}{PhaseDetail(seen)}");
        }

        if (seen.Waiting.Length > 0 && seen.Waiting != before?.Waiting)
        {
            news.Add($"{NameOf(seen)}  waits{Detail(seen.Waiting)}");
        }

        return news;
    }

    /// <summary>Keeps a line a replica wrote; returns it as it is shown.</summary>
    public string SeeLine(ReplicaState replica, string container, string line)
    {
        if (!lastLines.TryGetValue(replica.Uid, out var lines))
        {
            lastLines[replica.Uid] = lines = new Queue<string>();
        }

        lines.Enqueue(line);
        if (lines.Count > LinesKept)
        {
            lines.Dequeue();
        }

        var current = replicas.GetValueOrDefault(replica.Uid, replica);
        return LogPrefix.Of(NameOf(current), current.Containers.Length > 1 ? container : "") + line;
    }

    private static string PhaseDetail(ReplicaState replica) => replica.Phase switch
    {
        "Running" when replica.Node.Length > 0 => $" on {replica.Node}",
        "Failed" when replica.Broken is { } broken => Detail(broken.End),
        "Succeeded" when replica is { Started: { } started, Finished: { } finished } => $" after {Seconds(finished - started)}",
        _ => "",
    };

    private static string Detail(string text) => text.Length == 0 ? "" : $": {text}";

    internal static string Seconds(TimeSpan span) => span.TotalMinutes < 2
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds} s");
}
