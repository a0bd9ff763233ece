using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;

namespace Kubeflow.Orleans.Grains.Training.TrainJob.Running;

/// <summary>Why pods do not run, each reason once however many pods it stops. Said in events: a condition would mislead SDKs.</summary>
internal static class PodComplaints
{
    /// <summary>Every pod passes through these.</summary>
    private static readonly string[] Ordinary = ["ContainerCreating", "PodInitializing"];

    public static IEnumerable<DecisionEvent> Of(IEnumerable<ObservedPod> pods) => pods
        .Where(pod => pod is { Phase: "Pending" or "Running", Terminating: false })
        .SelectMany(Of)
        .GroupBy(complaint => (complaint.Reason, complaint.Message))
        .OrderBy(group => group.Key.Message, StringComparer.Ordinal)
        .Select(group => DecisionEvent.Warning(group.Key.Reason, group.Key.Message));

    private static IEnumerable<(string Reason, string Message)> Of(ObservedPod pod)
    {
        foreach (var waiting in pod.InitContainers.Concat(pod.Containers).Select(container => container.Waiting).OfType<ObservedWaiting>())
        {
            if (waiting.Reason == "CrashLoopBackOff")
            {
                // Its message names the pod and grows with every restart.
                yield return (waiting.Reason, "a container fails again and again and is started anew after a while");
            }
            else if (waiting.Reason.Length > 0 && !Ordinary.Contains(waiting.Reason))
            {
                yield return (waiting.Reason, $"pods are waiting: {waiting.Reason}: {waiting.Message}");
            }
        }

        foreach (var condition in pod.Conditions.Where(condition => condition is { Type: "PodScheduled", Status: "False", Reason.Length: > 0 }))
        {
            yield return (condition.Reason, $"pods are waiting: {condition.Reason}: {condition.Message}");
        }
    }
}
