using System.Collections.Concurrent;
using Xunit;

namespace Kubeflow.Orleans.Resilience.Tests.Processes;

/// <summary>Counts the processes of every pod again and again: two commands of one pod's container at one instant are one too many.</summary>
internal sealed class ProcessCensus : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentQueue<string> doubles = new();
    private readonly Task counting;
    private int most;

    public ProcessCensus(string marker) => counting = CountAsync(marker);

    /// <summary>The most processes seen at once: a census that saw none proves nothing.</summary>
    public int Most => most;

    public async Task AssertNoDoublesAsync()
    {
        await stopping.CancelAsync();
        await counting;
        Assert.Empty(doubles);
        Assert.NotEqual(0, Most);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await counting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task CountAsync(string marker)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            var commands = Commands(marker);
            most = Math.Max(most, commands.Count);
            foreach (var pod in commands.GroupBy(process => process.Pod).Where(group => group.Count() > 1))
            {
                // The table is not read at one instant: only who still lives now has lived beside the other.
                if (pod.Where(process => process.IsAlive).ToList() is { Count: > 1 } beside)
                {
                    doubles.Enqueue(string.Join(" beside ", beside));
                }
            }

            await Task.Delay(Period, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A command that forks looks like two for a moment: the child of a command is not one.</summary>
    private static List<JobProcess> Commands(string marker)
    {
        var commands = ProcessTable.OfMarker(marker).Where(process => process.IsCommand).ToList();
        var ids = commands.Select(process => process.Id).ToHashSet();
        return [.. commands.Where(process => !ids.Contains(process.ParentId))];
    }
}
