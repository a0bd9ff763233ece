using System.Globalization;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using StableHash = Kubeflow.Orleans.Core.StableHash;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>
/// What the job's events say about a pod: exit codes, and why it does not run. Each is said when it begins to hold, not again while it
/// holds.
/// </summary>
internal static class PodReports
{
    /// <returns>What to say now, and what to remember as said.</returns>
    public static (IEnumerable<DecisionEvent> Events, string Said) Of(Replica replica, string containerName)
    {
        if (replica.Pod is not { } pod)
        {
            return ([], "");
        }

        var before = replica.Notes.Said.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var holding = Reports(replica, pod, containerName).DistinctBy(report => report.Hash).ToList();
        return (holding.Where(report => !before.Contains(report.Hash)).Select(report => report.Event), string.Join(' ', holding.Select(report => report.Hash)));
    }

    private static IEnumerable<Report> Reports(Replica replica, ObservedPod pod, string containerName)
    {
        var container = pod.Containers.FirstOrDefault(container => container.Name == containerName);
        if (container?.Terminated is { } end)
        {
            // The same code once more, of the next pod or the next run of the container, is news.
            yield return new Report(
                DecisionEvent.Normal("ExitedWithCode", $"Pod: {pod.Namespace}.{pod.Name} exited with code {end.ExitCode}"), $"{pod.Uid}/{container.RestartCount}");
        }

        foreach (var complaint in replica.IsActive ? Complaints(pod) : [])
        {
            yield return new Report(complaint, "");
        }
    }

    /// <summary>Why an unfinished pod does not run: its containers say, else its init containers, else its newest condition.</summary>
    private static IEnumerable<DecisionEvent> Complaints(ObservedPod pod)
    {
        var containers = pod.Containers.IsEmpty ? pod.InitContainers : pod.Containers;
        return containers.IsEmpty ? ConditionComplaints(pod) : containers.SelectMany(container => ContainerComplaints(pod, container));
    }

    private static IEnumerable<DecisionEvent> ContainerComplaints(ObservedPod pod, ObservedContainer container)
    {
        if (container.Terminated is { ExitCode: not 0 } end)
        {
            yield return Warning(end.Reason, $"Error pod {pod.Name} container {container.Name} exitCode: {end.ExitCode} terminated message: {end.Message}");
        }

        if (container.Waiting is { Message.Length: > 0 } waiting)
        {
            yield return Warning(waiting.Reason, $"Error pod {pod.Name} container {container.Name} waiting message: {waiting.Message}");
        }
    }

    private static IEnumerable<DecisionEvent> ConditionComplaints(ObservedPod pod) =>
        pod.Conditions.MaxBy(condition => condition.LastTransitionTime ?? DateTimeOffset.MinValue) is { Status: not "True" } newest
            ? [Warning(newest.Reason, $"Error pod {pod.Name} condition message: {newest.Message}")]
            : [];

    /// <summary>An event must have a reason, containers and conditions need not.</summary>
    private static DecisionEvent Warning(string reason, string message) => DecisionEvent.Warning(reason.Length == 0 ? "Error" : reason, message);

    private readonly record struct Report(DecisionEvent Event, string Occasion)
    {
        public string Hash { get; } = StableHash.Of($"{Event.Reason} {Event.Message} {Occasion}").ToString("x8", CultureInfo.InvariantCulture);
    }
}
