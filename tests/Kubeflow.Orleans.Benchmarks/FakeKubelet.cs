using System.Collections.Concurrent;
using System.Text.Json;
using Kubeflow.Orleans.Kubernetes.Connection;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>
/// Stands in for scheduler and kubelets of a cluster that has none: takes every pod of a namespace to Running as soon as it hears of it
/// and to Succeeded a second later.
/// </summary>
internal sealed class FakeKubelet : IAsyncDisposable
{
    private static readonly TimeSpan PodLife = TimeSpan.FromSeconds(1);

    private readonly ClusterTransport api;
    private readonly string pods;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, Task> running = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource allSucceeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int wanted;
    private int succeeded;
    private Task watching = Task.CompletedTask;

    private FakeKubelet(ClusterTransport api, string @namespace, int wanted)
    {
        this.api = api;
        this.wanted = wanted;
        pods = $"api/v1/namespaces/{@namespace}/pods";
    }

    /// <summary>Completes when as many pods as wanted were acknowledged Succeeded.</summary>
    public Task AllSucceeded => allSucceeded.Task;

    public static async Task<FakeKubelet> StartAsync(ClusterTransport api, string @namespace, int wanted)
    {
        var kubelet = new FakeKubelet(api, @namespace, wanted);
        var version = await kubelet.ListAsync();
        kubelet.watching = kubelet.FollowAsync(version);
        return kubelet;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    /// <summary>An API server ends watches it finds too slow: then what was missed is listed.</summary>
    private async Task FollowAsync(string version)
    {
        try
        {
            while (true)
            {
                await WatchAsync(version);
                version = await ListAsync();
            }
        }
        catch (Exception problem) when (!stopping.IsCancellationRequested)
        {
            allSucceeded.TrySetException(problem);
        }
    }

    private async Task<string> ListAsync()
    {
        var list = (await api.SendAsync(HttpMethod.Get, pods, null, stopping.Token)).Json;
        foreach (var pod in list.GetProperty("items").EnumerateArray())
        {
            Start(pod.GetProperty("metadata"));
        }

        return list.GetProperty("metadata").GetProperty("resourceVersion").GetString()!;
    }

    private async Task WatchAsync(string version)
    {
        using var response = await api.OpenAsync($"{pods}?watch=true&resourceVersion={version}&timeoutSeconds=600", stopping.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stopping.Token));
        while (await reader.ReadLineAsync(stopping.Token) is { } line)
        {
            var change = JsonDocument.Parse(line).RootElement;
            if (change.GetProperty("type").GetString() == "ADDED")
            {
                Start(change.GetProperty("object").GetProperty("metadata"));
            }
        }
    }

    private void Start(JsonElement pod)
    {
        var name = pod.GetProperty("name").GetString()!;
        _ = running.GetOrAdd(pod.GetProperty("uid").GetString()!, _ => RunAsync(name));
    }

    private async Task RunAsync(string pod)
    {
        await ReportAsync(pod, "Running");
        await Task.Delay(PodLife, stopping.Token);
        await ReportAsync(pod, "Succeeded");
        if (Interlocked.Increment(ref succeeded) == wanted)
        {
            allSucceeded.SetResult();
        }
    }

    private async Task ReportAsync(string pod, string phase)
    {
        var answer = await api.SendAsync(HttpMethod.Patch, $"{pods}/{pod}/status", $$$"""{"status":{"phase":"{{{phase}}}"}}""", stopping.Token);
        if (!answer.Succeeded)
        {
            allSucceeded.TrySetException(new InvalidOperationException($"{pod} to {phase}: {answer.Message}"));
        }
    }
}
