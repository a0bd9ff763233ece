using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kubeflow.Orleans.Kubernetes.Connection;

namespace Kubeflow.Orleans.Benchmarks;

/// <summary>Writes an API server has answered, by verb and resource, from its own <c>/metrics</c>.</summary>
internal sealed partial class ApiWrites
{
    private readonly SortedDictionary<string, double> counts = new(StringComparer.Ordinal);

    public double Total => counts.Values.Sum();

    public static async Task<ApiWrites> ReadAsync(ClusterTransport api)
    {
        var answer = await api.SendAsync(HttpMethod.Get, "metrics", null, CancellationToken.None);
        var writes = new ApiWrites();
        foreach (Match line in Counter().Matches(Encoding.UTF8.GetString(answer.Body)))
        {
            var labels = Label().Matches(line.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value, StringComparer.Ordinal);
            if (labels["verb"] is "POST" or "PUT" or "PATCH" or "APPLY" or "DELETE")
            {
                var key = labels["subresource"].Length == 0 ? $"{labels["verb"]} {labels["resource"]}" : $"{labels["verb"]} {labels["resource"]}/{labels["subresource"]}";
                writes.counts[key] = writes.counts.GetValueOrDefault(key) + double.Parse(line.Groups["count"].Value, CultureInfo.InvariantCulture);
            }
        }

        return writes;
    }

    public ApiWrites Since(ApiWrites earlier)
    {
        var difference = new ApiWrites();
        foreach (var (key, count) in counts)
        {
            if (count > earlier.counts.GetValueOrDefault(key))
            {
                difference.counts[key] = count - earlier.counts.GetValueOrDefault(key);
            }
        }

        return difference;
    }

    /// <summary>Without the kubelets' reports and what the cluster's own controllers write.</summary>
    public ApiWrites OfControlPlane()
    {
        var ours = new ApiWrites();
        foreach (var (key, count) in counts.Where(entry => entry.Key.Split(' ')[1] is "pods" or "services" or "events" or "configmaps" or "secrets"))
        {
            ours.counts[key] = count;
        }

        return ours;
    }

    public string PerJob(int jobs) => string.Join(", ", counts.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key} {entry.Value / jobs:0.00}")));

    [GeneratedRegex("""^apiserver_request_total\{(?<labels>[^}]*)\} (?<count>\S+)""", RegexOptions.Multiline)]
    private static partial Regex Counter();

    [GeneratedRegex("(?<name>\\w+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Label();
}
