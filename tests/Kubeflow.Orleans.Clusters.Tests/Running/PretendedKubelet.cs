using System.Globalization;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>
/// Scheduler and kubelet of a cluster that has none: takes the tests' pods from Pending over Running to their end as their annotations say, and
/// removes those that are deleted.
/// </summary>
internal sealed class PretendedKubelet : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(150);

    private readonly Api api;
    private readonly string node = $"kfo-test-{Guid.NewGuid():N}";
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<string, DateTimeOffset> started = new(StringComparer.Ordinal);
    private Task loop = Task.CompletedTask;

    private PretendedKubelet(Api api) => this.api = api;

    public static async Task<PretendedKubelet> StartAsync(Api api)
    {
        var kubelet = new PretendedKubelet(api);

        // Pods on a node that does not exist are taken away by the cluster.
        await api.CreateAsync("api/v1/nodes", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["metadata"] = new JsonObject { ["name"] = kubelet.node } });
        kubelet.loop = kubelet.RunAsync();
        return kubelet;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        foreach (var pod in await PodsAsync())
        {
            await RemoveAsync(pod);
        }

        await api.DeleteAsync($"api/v1/nodes/{node}");
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Parallel.ForEachAsync(await PodsAsync(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (pod, _) => await StepAsync(pod));
                await timer.WaitForNextTickAsync(stopping.Token);
            }
            catch (Exception problem) when (problem is HttpRequestException or TimeoutException or OperationCanceledException)
            {
                // The server was restarted under us, or we are ending.
            }
        }
    }

    private async Task<IEnumerable<JsonObject>> PodsAsync() =>
        (await api.ListAsync("api/v1/pods")).Where(pod => TestNamespace.IsOne((string)pod["metadata"]!["namespace"]!));

    private async Task StepAsync(JsonObject pod)
    {
        if (pod.IsTerminating())
        {
            await RemoveAsync(pod);
        }
        else if (pod["spec"]!["nodeName"] is null)
        {
            await api.SendAsync(HttpMethod.Post, $"{Path(pod)}/binding", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Binding",
                ["metadata"] = new JsonObject { ["name"] = pod.Name() },
                ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node },
            }.ToJsonString());
        }
        else if (pod.Phase() == "Pending")
        {
            lock (started)
            {
                started[pod.Uid()] = TimeProvider.System.GetUtcNow();
            }

            await ReportAsync(pod, "Running", new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Now() } });
        }
        else if (pod.Phase() == "Running" && IsOver(pod))
        {
            var code = int.Parse(pod.Annotation(Jobs.ExitCode) ?? "0", CultureInfo.InvariantCulture);
            var terminated = new JsonObject { ["exitCode"] = code, ["reason"] = code == 0 ? "Completed" : "Error", ["startedAt"] = Now(), ["finishedAt"] = Now() };
            await ReportAsync(pod, code == 0 ? "Succeeded" : "Failed", new JsonObject { ["terminated"] = terminated });
        }
    }

    private bool IsOver(JsonObject pod)
    {
        lock (started)
        {
            var since = started.TryGetValue(pod.Uid(), out var time) ? time : started[pod.Uid()] = TimeProvider.System.GetUtcNow();
            return TimeProvider.System.GetUtcNow() - since >= TimeSpan.FromSeconds(double.Parse((pod.Annotation(Jobs.Duration) ?? "1s").TrimEnd('s'), CultureInfo.InvariantCulture));
        }
    }

    private Task ReportAsync(JsonObject pod, string phase, JsonObject state)
    {
        var statuses = pod["spec"]!["containers"]!.AsArray().Select(container => (JsonNode)new JsonObject
        {
            ["name"] = (string)container!["name"]!,
            ["image"] = (string?)container["image"] ?? "",
            ["imageID"] = "",
            ["ready"] = phase == "Running",
            ["restartCount"] = 0,
            ["state"] = state.DeepClone(),
        });
        var status = new JsonObject { ["phase"] = phase, ["startTime"] = Now(), ["containerStatuses"] = new JsonArray([.. statuses]) };
        return api.SendAsync(HttpMethod.Patch, $"{Path(pod)}/status", new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid() }, ["status"] = status }.ToJsonString());
    }

    private Task RemoveAsync(JsonObject pod)
    {
        var options = new JsonObject { ["gracePeriodSeconds"] = 0, ["preconditions"] = new JsonObject { ["uid"] = pod.Uid() } };
        return api.SendAsync(HttpMethod.Delete, Path(pod), options.ToJsonString());
    }

    private static string Path(JsonObject pod) => $"api/v1/namespaces/{(string)pod["metadata"]!["namespace"]!}/pods/{pod.Name()}";

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
