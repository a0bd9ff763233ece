using System.Diagnostics;
using Xunit;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>Waiting for a named condition, with a limit.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public static async Task TrueAsync(string what, Func<Task<bool>> condition, TimeSpan? limit = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (limit ?? Limit))
            {
                Assert.Fail($"Waited {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s for {what}");
            }

            await Task.Delay(Period, TestContext.Current.CancellationToken);
        }
    }

    public static Task TrueAsync(string what, Func<bool> condition) => TrueAsync(what, () => Task.FromResult(condition()));
}
