using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests.Running;

/// <summary>The load balancer in front of the silos: takes the next one when one does not answer, and measures how long nobody did.</summary>
internal sealed class FrontDoor(IReadOnlyList<SiloProcess> silos)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private int turn;

    /// <summary>The longest a client waited for an answer.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>Returns when the object is acknowledged. One that is there already is the doing of a silo whose answer got lost.</summary>
    public Task CreateAsync(string collection, JsonObject item) =>
        AnswerAsync(api => api.SendAsync(HttpMethod.Post, collection, item.ToJsonString()), code => code is HttpStatusCode.Created or HttpStatusCode.Conflict);

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string collection)
    {
        var body = await AnswerAsync(api => api.SendAsync(HttpMethod.Get, collection, null), code => code == HttpStatusCode.OK);
        return [.. JsonSerializer.Deserialize<JsonObject>(body)!["items"]!.AsArray().Select(item => item!.AsObject())];
    }

    private async Task<byte[]> AnswerAsync(Func<Api, Task<Kubernetes.Connection.ClusterResponse>> ask, Func<HttpStatusCode, bool> accepts)
    {
        var asked = Stopwatch.GetTimestamp();
        var last = "";
        while (Stopwatch.GetElapsedTime(asked) < Limit)
        {
            var silo = silos[turn % silos.Count];
            try
            {
                var response = await ask(silo.Api).WaitAsync(Patience, TestContext.Current.CancellationToken);
                if (accepts(response.Code))
                {
                    turn++;
                    LongestWait = TimeSpan.FromTicks(Math.Max(LongestWait.Ticks, Stopwatch.GetElapsedTime(asked).Ticks));
                    return response.Body;
                }

                last = $"{(int)response.Code}: {response.Message}";
            }
            catch (Exception problem) when (problem is HttpRequestException or TimeoutException or ObjectDisposedException or IOException)
            {
                last = problem.Message;
            }

            turn++;
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"No silo answered within {Limit}; the last said {last}");
    }
}
