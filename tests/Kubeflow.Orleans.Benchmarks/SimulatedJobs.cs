using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>TFJobs of 2 workers whose pods run on simulated nodes and succeed a second after they start.</summary>
internal static class SimulatedJobs
{
    private const int Clients = 16;

    public static async Task SubmitAsync(Func<HttpClient> createClient, string prefix, int count, string @namespace = "default")
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = createClient();
            while (Interlocked.Increment(ref next) is var number && number < count)
            {
                await Jobs.CreateAsync(client, string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}"), managed: true, @namespace);
            }
        }));
    }

    public static async Task WatchUntilAllSucceededAsync(HttpClient client, string prefix, int count, string @namespace = "default")
    {
        client.Timeout = Timeout.InfiniteTimeSpan;
        var succeeded = new HashSet<string>();
        await using var stream = await client.GetStreamAsync(new Uri($"{Jobs.Collection(@namespace)}?watch=true&resourceVersion=0", UriKind.Relative));
        using var reader = new StreamReader(stream);
        while (succeeded.Count < count && await reader.ReadLineAsync() is { } line)
        {
            var job = JsonDocument.Parse(line).RootElement.GetProperty("object");
            var name = job.GetProperty("metadata").GetProperty("name").GetString()!;
            if (name.StartsWith(prefix, StringComparison.Ordinal) && IsSucceeded(job))
            {
                succeeded.Add(name);
            }
        }
    }

    private static bool IsSucceeded(JsonElement job) =>
        job.TryGetProperty("status", out var status) && status.TryGetProperty("conditions", out var conditions) &&
        conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Succeeded" && condition.GetProperty("status").GetString() == "True");
}
