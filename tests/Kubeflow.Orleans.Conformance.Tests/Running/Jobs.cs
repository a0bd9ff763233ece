using System.Text.Json.Nodes;
using Xunit;

namespace Kubeflow.Orleans.Conformance.Tests.Running;

/// <summary>Waiting for what the control plane does, by asking it until a limit is reached.</summary>
internal static class Jobs
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <param name="what">The condition's name, for the failure.</param>
    public static async Task<JsonNode> UntilAsync(this RawClient client, string path, Func<JsonNode, bool> holds, string what)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (true)
        {
            var answer = await client.GetAsync(path);
            if (answer.Code == 200 && holds(answer.Body))
            {
                return answer.Body;
            }

            Assert.True(time.GetElapsedTime(started) < Limit, $"{path} is not {what} after {Limit}: {answer}");
            await Task.Delay(Pause, time, TestContext.Current.CancellationToken);
        }
    }

    public static bool HasCondition(JsonNode job, string type) =>
        job["status"]?["conditions"]?.AsArray().Any(condition => (string?)condition!["type"] == type && (string?)condition["status"] == "True") ?? false;
}
