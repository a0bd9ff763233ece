using System.Collections.Concurrent;
using Kubeflow.Orleans.Clusters.Tests.Running;
using Xunit;

namespace Kubeflow.Orleans.Silos.Tests.Running;

/// <summary>Every pod that was ever seen in a namespace, by name.</summary>
internal sealed class PodCensus : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(300);

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> seen = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task looking;

    private PodCensus(TargetCluster target, TestNamespace team) => looking = LookAsync(target, team);

    public static PodCensus Start(TargetCluster target, TestNamespace team) => new(target, team);

    /// <summary>The uids each pod name has had.</summary>
    public IReadOnlyDictionary<string, int> Lives => seen.ToDictionary(entry => entry.Key, entry => entry.Value.Count);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await looking;
        stopping.Dispose();
    }

    private async Task LookAsync(TargetCluster target, TestNamespace team)
    {
        using var timer = new PeriodicTimer(Period);
        do
        {
            foreach (var pod in await target.Api.ListAsync(team.Pods))
            {
                seen.GetOrAdd(pod.Name(), _ => new ConcurrentDictionary<string, bool>()).TryAdd(pod.Uid(), true);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping.Token).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default));
    }
}
