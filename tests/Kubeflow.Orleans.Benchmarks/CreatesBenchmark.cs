using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>
/// Durable TFJob creates over HTTPS, 64 clients with a connection each, on the same machine as the server. The jobs name another
/// controller (managedBy), so what is measured is the API and the store as a bare kube-apiserver would be, not the work of running jobs.
/// </summary>
internal static class CreatesBenchmark
{
    private const int Clients = 64;
    private const int WarmUp = 5_000;
    private const int Measured = 30_000;

    public static async Task RunAsync()
    {
        await using var silo = await SiloProcess.StartAsync();
        var clients = Enumerable.Range(0, Clients).Select(_ => silo.CreateClient()).ToList();
        await CreateAsync(clients, "warm", WarmUp);
        var before = silo.ProcessorTime();
        var clock = Stopwatch.StartNew();
        var latencies = await CreateAsync(clients, "job", Measured);
        var seconds = clock.Elapsed.TotalSeconds;
        latencies.Sort();
        Console.WriteLine($"{Measured / seconds:0} creates/s, {Clients} clients, p50 {latencies[Measured / 2]:0.0} ms, p99 {latencies[Measured * 99 / 100]:0.0} ms, " +
            $"server CPU {(silo.ProcessorTime() - before).TotalMilliseconds * 1000 / Measured:0} us each, {Jobs.Body("x", managed: false).Length} byte body");
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }

    private static async Task<List<double>> CreateAsync(List<HttpClient> clients, string prefix, int count)
    {
        var next = -1;
        var perClient = await Task.WhenAll(clients.Select(async client =>
        {
            var latencies = new List<double>(count / clients.Count * 2);
            while (Interlocked.Increment(ref next) is var number && number < count)
            {
                var started = Stopwatch.GetTimestamp();
                await Jobs.CreateAsync(client, $"{prefix}-{number}", managed: false);
                latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            return latencies;
        }));
        return [.. perClient.SelectMany(latencies => latencies)];
    }
}

/// <summary>The TFJobs benchmarks submit.</summary>
internal static class Jobs
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public static Uri Collection(string @namespace) => new($"apis/kubeflow.org/v1/namespaces/{@namespace}/tfjobs", UriKind.Relative);

    public static async Task CreateAsync(HttpClient client, string name, bool managed, string @namespace = "default")
    {
        using var content = new ByteArrayContent(Body(name, managed));
        content.Headers.ContentType = Json;
        using var response = await client.PostAsync(Collection(@namespace), content);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"create {name}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }

    /// <param name="managed">False: another controller is named, ours leaves the job alone.</param>
    public static byte[] Body(string name, bool managed) => Encoding.UTF8.GetBytes(Template
        .Replace("NAME", name, StringComparison.Ordinal)
        .Replace("MANAGED_BY", managed ? "" : ",\"managedBy\":\"kueue.x-k8s.io/multikueue\"", StringComparison.Ordinal));

    private const string Template = """
        {"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"NAME","labels":{"team":"vision","experiment":"benchmark"}},
        "spec":{"runPolicy":{"cleanPodPolicy":"None"MANAGED_BY},
        "tfReplicaSpecs":{"Worker":{"replicas":2,"restartPolicy":"Never","template":{"spec":{
        "nodeSelector":{"type":"kwok"},"tolerations":[{"key":"kwok.x-k8s.io/node","operator":"Exists","effect":"NoSchedule"}],
        "containers":[{"name":"tensorflow","image":"registry.example/train:1","command":["python","train.py","--epochs=10","--batch-size=64"],
        "env":[{"name":"DATA","value":"/data"}],"resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}}}}}
        """;
}
