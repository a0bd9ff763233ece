using System.Diagnostics;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Running;

/// <summary>Waiting for a named condition, with a limit. The silo may be down meanwhile: that is no answer yet.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(25);

    public static async Task TrueAsync(Func<string> what, Func<Task<bool>> condition, TimeSpan? limit = null, Func<bool>? giveUp = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await HoldsAsync(condition))
        {
            if (Stopwatch.GetElapsedTime(started) > (limit ?? Limit) || giveUp?.Invoke() == true)
            {
                Assert.Fail($"Waited {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s for {what()}");
            }

            await Task.Delay(Period, TestContext.Current.CancellationToken);
        }
    }

    public static Task FileAsync(string path) => TrueAsync(() => $"the file {path}", () => Task.FromResult(File.Exists(path)));

    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (Exception problem) when (ApiClient.IsNoAnswer(problem) && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
