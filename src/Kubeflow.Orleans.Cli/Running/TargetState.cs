using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;

namespace Kubeflow.Orleans.Cli.Running;

internal enum Verdict
{
    Unfinished,
    Succeeded,
    Failed,
}

/// <summary>An object that runs to an end, and how far it is.</summary>
/// <param name="Condition">The newest condition that holds (a pod's phase), for example <c>Running</c>.</param>
internal sealed record TargetState(string Label, string Uid, Verdict Verdict, string Condition, string Message)
{
    /// <summary>What its program reports of itself, for example <c>42 %, 7 s left, loss 0.25</c>; empty when it does not.</summary>
    public string Progress { get; init; } = "";

    /// <summary>Whether objects of a kind run to an end: pods, and every kind that is called a job.</summary>
    public static bool RunsToAnEnd(string kind) => kind == "Pod" || kind.EndsWith("Job", StringComparison.Ordinal);

    public static TargetState Read(Document document)
    {
        var label = $"{document.Kind.ToLowerInvariant()}/{document.Metadata.Name}";
        var status = document.Root.TryGetProperty("status", out var value) ? value : default;
        return document.Kind == "Pod" ? ReadPod(label, document.Metadata.Uid, status) : ReadConditions(label, document.Metadata.Uid, status);
    }

    private static TargetState ReadPod(string label, string uid, JsonElement status)
    {
        var phase = Text(status, "phase");
        var verdict = phase switch { "Succeeded" => Verdict.Succeeded, "Failed" => Verdict.Failed, _ => Verdict.Unfinished };
        return new TargetState(label, uid, verdict, phase, Text(status, "message"));
    }

    private static TargetState ReadConditions(string label, string uid, JsonElement status)
    {
        var holding = Conditions(status).Where(condition => Text(condition, "status") == "True").ToList();
        var end = holding.FirstOrDefault(condition => Of(condition) != Verdict.Unfinished);
        var shown = end.ValueKind == JsonValueKind.Object ? end : holding.LastOrDefault();
        return new TargetState(label, uid, Of(end), Text(shown, "type"), Text(shown, "message")) { Progress = ReadProgress(Get(status, "trainerStatus")) };
    }

    private static string ReadProgress(JsonElement reported)
    {
        string[] parts =
        [
            .. Number(reported, "progressPercentage") is { } percentage ? [$"{percentage} %"] : Array.Empty<string>(),
            .. Number(reported, "estimatedRemainingSeconds") is { } seconds ? [$"{RunProgress.Seconds(TimeSpan.FromSeconds(seconds))} left"] : Array.Empty<string>(),
            .. Items(reported, "metrics").Select(metric => $"{Text(metric, "name")} {Text(metric, "value")}"),
        ];
        return string.Join(", ", parts);
    }

    private static Verdict Of(JsonElement condition) => Text(condition, "type") switch
    {
        "Succeeded" or "Complete" => Verdict.Succeeded,
        "Failed" => Verdict.Failed,
        _ => Verdict.Unfinished,
    };

    private static IEnumerable<JsonElement> Conditions(JsonElement status) => Items(status, "conditions");

    private static JsonElement Get(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    private static int? Number(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    private static string Text(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";
}
