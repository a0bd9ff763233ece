using System.Diagnostics;
using System.Text.Json.Nodes;
using k8s;
using Kubeflow.Orleans.Core;
using Kubeflow.Orleans.Kubernetes.Connection;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>
/// 500 TFJobs of 2 workers in the cluster that KUBECONFIG names, with a fake kubelet that takes each pod to Running and a second later
/// to Succeeded: from the first submit until the last job is seen Succeeded. Beside it a bare client that creates the same pods and
/// services, until the last pod has succeeded. In turns, so that a noisy machine is noisy for both.
/// </summary>
internal static class ClusterJobsBenchmark
{
    private const int JobCount = 500;
    private const int PodsPerJob = 2;
    private const int Rounds = 3;
    private const int BareClients = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    public static async Task RunAsync()
    {
        if (Environment.GetEnvironmentVariable("KUBECONFIG") is not { Length: > 0 } kubeconfig)
        {
            Console.WriteLine("needs KUBECONFIG: a cluster without nodes of its own (kube-apiserver and kube-controller-manager)");
            return;
        }

        using var api = new ClusterTransport(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig), TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var silo = await SiloProcess.StartAsync(kubeconfig: kubeconfig);
        var run = $"kfo-benchmark-{Guid.NewGuid():N}"[..22];
        var namespaces = new List<string>();
        try
        {
            var sample = await StartNamespaceAsync("sample");
            await RunJobsAsync(silo, api, sample, 1);
            var (pod, service) = (await FirstAsync(api, sample, "pods"), await FirstAsync(api, sample, "services"));
            for (var round = 0; round < Rounds; round++)
            {
                var bare = await RunBareAsync(api, await StartNamespaceAsync($"bare{round}"), pod, service);
                var before = await ApiWrites.ReadAsync(api);
                var cpu = silo.ProcessorTime();
                var ours = await RunJobsAsync(silo, api, await StartNamespaceAsync($"silo{round}"), JobCount);
                var used = silo.ProcessorTime() - cpu;
                await Task.Delay(TimeSpan.FromSeconds(3));
                var writes = (await ApiWrites.ReadAsync(api)).Since(before).OfControlPlane();
                Console.WriteLine($"{JobCount} jobs: {ours.TotalSeconds:0.0} s, bare client {bare.TotalSeconds:0.0} s, ratio {ours / bare:0.00}; silo CPU {used.TotalSeconds / JobCount * 1000:0.0} s per 1,000 jobs, " +
                    $"{silo.ResidentMegabytes():0} MB; writes per job {writes.Total / JobCount:0.0}: {writes.PerJob(JobCount)}");
            }

            var still = await ApiWrites.ReadAsync(api);
            await Task.Delay(Quiet);
            Console.WriteLine($"writes in {Quiet.TotalSeconds:0} s when nothing changes: {(await ApiWrites.ReadAsync(api)).Since(still).OfControlPlane().Total:0}");
        }
        finally
        {
            foreach (var used in namespaces)
            {
                await api.SendAsync(HttpMethod.Delete, $"api/v1/namespaces/{used}", null, CancellationToken.None);
            }
        }

        async Task<string> StartNamespaceAsync(string purpose)
        {
            var name = $"{run}-{purpose}";
            await CreateAsync(api, "api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } });
            namespaces.Add(name);
            return name;
        }
    }

    private static async Task<TimeSpan> RunJobsAsync(SiloProcess silo, ClusterTransport api, string @namespace, int count)
    {
        await using var kubelet = await FakeKubelet.StartAsync(api, @namespace, count * PodsPerJob);
        using var watcher = silo.CreateClient();
        var clock = Stopwatch.StartNew();
        var finished = SimulatedJobs.WatchUntilAllSucceededAsync(watcher, "job", count, @namespace);
        await SimulatedJobs.SubmitAsync(silo.CreateClient, "job", count, @namespace);
        await finished.WaitAsync(Limit);
        return clock.Elapsed;
    }

    private static async Task<TimeSpan> RunBareAsync(ClusterTransport api, string @namespace, JsonObject pod, JsonObject service)
    {
        await using var kubelet = await FakeKubelet.StartAsync(api, @namespace, JobCount * PodsPerJob);
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, JobCount * PodsPerJob), new ParallelOptions { MaxDegreeOfParallelism = BareClients }, async (number, _) =>
        {
            await CreateAsync(api, $"api/v1/namespaces/{@namespace}/services", Named(service, number));
            await CreateAsync(api, $"api/v1/namespaces/{@namespace}/pods", Named(pod, number));
        });
        await kubelet.AllSucceeded.WaitAsync(Limit);
        return clock.Elapsed;
    }

    private static JsonObject Named(JsonObject sample, int number)
    {
        var item = sample.DeepClone().AsObject();
        item["metadata"]!["name"] = $"bare-{number}";
        return item;
    }

    /// <summary>An object of the sample job as it was sent, not as the server completed it, and without the marks that make it ours.</summary>
    private static async Task<JsonObject> FirstAsync(ClusterTransport api, string @namespace, string plural)
    {
        var list = await api.SendAsync(HttpMethod.Get, $"api/v1/namespaces/{@namespace}/{plural}", null, CancellationToken.None);
        var item = JsonNode.Parse(list.Body)!["items"]![0]!.AsObject();
        var metadata = item["metadata"]!.AsObject();
        foreach (var ofServer in (string[])["uid", "resourceVersion", "creationTimestamp", "managedFields", "namespace", "generation"])
        {
            metadata.Remove(ofServer);
        }

        metadata.Remove("annotations");
        var labels = metadata["labels"]!.AsObject();
        foreach (var mark in labels.Select(label => label.Key).Where(key => key.StartsWith(WellKnown.Domain, StringComparison.Ordinal)).ToList())
        {
            labels.Remove(mark);
        }

        item.Remove("status");
        item["spec"]!.AsObject().Remove("clusterIPs");
        return item.DeepClone().AsObject();
    }

    private static async Task CreateAsync(ClusterTransport api, string path, JsonObject body)
    {
        var answer = await api.SendAsync(HttpMethod.Post, path, body.ToJsonString(), CancellationToken.None);
        if (!answer.Succeeded)
        {
            throw new InvalidOperationException($"create in {path}: {answer.Message}");
        }
    }
}
