using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Kubeflow.Orleans.Store;

namespace Kubeflow.Orleans.LocalCluster.Simulation;

/// <summary>What a pod on a simulated node does next.</summary>
internal enum SimulatedStep
{
    None,
    Start,
    Finish,
    Terminate,
    Remove,
}

/// <summary>The life of a pod without processes. Pure.</summary>
internal static class SimulatedPods
{
    public const string DurationAnnotation = WellKnown.Domain + "/simulated-duration";
    public const string ExitCodeAnnotation = WellKnown.Domain + "/simulated-exit-code";

    /// <summary>What a process that is asked to end (SIGTERM) usually ends with.</summary>
    private const int TerminatedExitCode = 143;

    public static SimulatedStep NextStep(Document pod)
    {
        var finished = pod.Root.Text("status", "phase") is "Succeeded" or "Failed";
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return !finished ? SimulatedStep.Terminate : AwaitsFinalizers(pod) ? SimulatedStep.None : SimulatedStep.Remove;
        }

        return finished ? SimulatedStep.None
            : pod.Root.Text("status", "phase") != "Running" ? SimulatedStep.Start
            : pod.Root.Text("spec", "restartPolicy") == "Always" ? SimulatedStep.None
            : SimulatedStep.Finish;
    }

    /// <summary>How long the pod runs: seconds, or a Go-style duration such as <c>500ms</c>, <c>90s</c>, <c>2m</c>.</summary>
    public static TimeSpan Duration(Document pod, TimeSpan standard)
    {
        var text = pod.Root.Text("metadata", "annotations", DurationAnnotation);
        var (number, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], TimeSpan.FromMilliseconds(1)),
            _ when text.EndsWith('s') => (text[..^1], TimeSpan.FromSeconds(1)),
            _ when text.EndsWith('m') => (text[..^1], TimeSpan.FromMinutes(1)),
            _ when text.EndsWith('h') => (text[..^1], TimeSpan.FromHours(1)),
            _ => (text, TimeSpan.FromSeconds(1)),
        };
        return double.TryParse(number, CultureInfo.InvariantCulture, out var amount) && amount is >= 0 and < 1e6 ? amount * unit : standard;
    }

    public static Document Start(Document pod, string hostAddress, string podAddress, DateTimeOffset now)
    {
        var node = pod.ToNode();
        var status = node.Child("status");
        var time = now.Rfc3339();
        status["phase"] = "Running";
        status["hostIP"] = hostAddress;
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = hostAddress });
        status["podIP"] = podAddress;
        status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = podAddress });
        status.Default("startTime", time);
        status["containerStatuses"] = Statuses(node, "containers", name => Running(name, time, 0));
        if (node.Object("spec").Objects("initContainers").Any())
        {
            status["initContainerStatuses"] = Statuses(node, "initContainers", container => container.Text("restartPolicy") == "Always"
                ? Running(container, time, 0)
                : Terminated(container, 0, time, time, 0));
        }

        foreach (var condition in (string[])["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"])
        {
            status.SetCondition(condition, "True", "", "", time);
        }

        return Document.FromNode(node);
    }

    /// <summary>The containers have ended by themselves; with restart policy OnFailure a failure starts them again.</summary>
    public static Document Finish(Document pod, DateTimeOffset now)
    {
        var exitCode = int.TryParse(pod.Root.Text("metadata", "annotations", ExitCodeAnnotation), CultureInfo.InvariantCulture, out var code) ? code : 0;
        return exitCode != 0 && pod.Root.Text("spec", "restartPolicy") == "OnFailure" ? Restart(pod, exitCode, now) : End(pod, exitCode, now);
    }

    /// <summary>The end of a deleted pod: it goes, or waits only for its finalizers any more.</summary>
    public static WriteOperation Remove(ResourceKey key, Document pod)
    {
        var metadata = pod.Metadata;
        if (metadata.Finalizers.Count == 0)
        {
            return new DeleteOperation(key, metadata.ResourceVersion);
        }

        var node = pod.ToNode();
        node.Child("metadata")["deletionGracePeriodSeconds"] = 0;
        return new UpdateOperation(key, metadata.ResourceVersion, Document.FromNode(node));
    }

    public static Document Terminate(Document pod, DateTimeOffset now) => End(pod, pod.Root.Text("status", "phase") == "Running" ? TerminatedExitCode : 0, now);

    private static bool AwaitsFinalizers(Document pod) =>
        pod.Metadata.Finalizers.Count > 0 && pod.Root.Integer("metadata", "deletionGracePeriodSeconds") == 0;

    private static Document End(Document pod, int exitCode, DateTimeOffset now)
    {
        var node = pod.ToNode();
        var status = node.Child("status");
        var time = now.Rfc3339();
        var (reason, started) = (exitCode == 0 ? "PodCompleted" : "PodFailed", status.Text("startTime") is { Length: > 0 } start ? start : time);
        status["phase"] = exitCode == 0 ? "Succeeded" : "Failed";
        status["containerStatuses"] = Statuses(node, "containers", container => Terminated(container, exitCode, started, time, Restarts(status, container)));
        status.SetCondition("PodReadyToStartContainers", "False", "", "", time);
        status.SetCondition("Initialized", "True", exitCode == 0 ? "PodCompleted" : "", "", time);
        status.SetCondition("Ready", "False", reason, "", time);
        status.SetCondition("ContainersReady", "False", reason, "", time);
        return Document.FromNode(node);
    }

    private static Document Restart(Document pod, int exitCode, DateTimeOffset now)
    {
        var node = pod.ToNode();
        var status = node.Child("status");
        var time = now.Rfc3339();
        status["containerStatuses"] = Statuses(node, "containers", container =>
        {
            var running = Running(container, time, Restarts(status, container) + 1);
            running["lastState"] = new JsonObject { ["terminated"] = Termination(exitCode, status.Text("startTime"), time) };
            return running;
        });
        return Document.FromNode(node);
    }

    private static long Restarts(JsonObject status, JsonObject container) =>
        status.Objects("containerStatuses").FirstOrDefault(known => known.Text("name") == container.Text("name")).Integer("restartCount") ?? 0;

    private static JsonArray Statuses(JsonObject pod, string list, Func<JsonObject, JsonObject> status) => [.. pod.Object("spec").Objects(list).Select(status)];

    private static JsonObject Running(JsonObject container, string startedAt, long restarts) =>
        Status(container, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = startedAt } }, ready: true, restarts);

    private static JsonObject Terminated(JsonObject container, int exitCode, string startedAt, string finishedAt, long restarts) =>
        Status(container, new JsonObject { ["terminated"] = Termination(exitCode, startedAt, finishedAt) }, ready: false, restarts);

    private static JsonObject Termination(int exitCode, string startedAt, string finishedAt) => new()
    {
        ["exitCode"] = exitCode,
        ["reason"] = exitCode == 0 ? "Completed" : "Error",
        ["startedAt"] = startedAt,
        ["finishedAt"] = finishedAt,
    };

    private static JsonObject Status(JsonObject container, JsonObject state, bool ready, long restarts) => new()
    {
        ["name"] = container.Text("name"),
        ["state"] = state,
        ["lastState"] = new JsonObject(),
        ["ready"] = ready,
        ["started"] = ready,
        ["restartCount"] = restarts,
        ["image"] = container.Text("image"),
        ["imageID"] = "",
    };
}
