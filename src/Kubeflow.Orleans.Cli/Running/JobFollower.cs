using System.Threading.Channels;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.Manifests;

namespace Kubeflow.Orleans.Cli.Running;

/// <summary>Watches the objects of a run, their pods and their logs until each has finished, and shows what happens.</summary>
internal sealed class JobFollower(ApiClient client, ResourceType pods, IRunView view, TimeProvider time)
{
    /// <summary>How long logs may lag behind the end of a job.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<RunEvent> events = Channel.CreateUnbounded<RunEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly LogFollower logs = new(client, pods, time);
    private readonly Dictionary<(string Uid, string Container, int Restarts), Task> followed = [];

    /// <summary>Returns when all targets have finished; the progress says how.</summary>
    public async Task FollowAsync(IReadOnlyList<Submitted> targets, RunProgress progress, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> sources =
        [
            .. targets.Select(target => RunAsync(token => WatchTargetAsync(target, token), over.Token)),
            .. targets.Select(target => target.Namespace).Distinct().Select(@namespace => RunAsync(token => WatchPodsAsync(@namespace, token), over.Token)),
            RunAsync(TickAsync, over.Token),
        ];
        try
        {
            while (!progress.Finished)
            {
                Handle(await events.Reader.ReadAsync(cancellationToken), progress, over.Token);
            }

            await DrainAsync(progress, cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll([.. sources, .. followed.Values]);
        }
    }

    private void Handle(RunEvent happened, RunProgress progress, CancellationToken cancellationToken)
    {
        switch (happened)
        {
            case RunEvent.TargetSeen seen:
                view.Tell(progress.SeeTarget(seen.Document, seen.Gone));
                break;
            case RunEvent.ReplicaSeen { Replica: var replica } when progress.Concerns(replica):
                view.Tell(progress.SeeReplica(replica));
                FollowLogs(replica, cancellationToken);
                break;
            case RunEvent.LineRead line:
                view.Log(progress.SeeLine(line.Replica, line.Container, line.Line));
                break;
            case RunEvent.Broken broken:
                throw broken.Reason;
        }

        view.Refresh(progress, time.GetUtcNow());
    }

    /// <summary>A job may be over before its replicas' last lines have come in.</summary>
    private async Task DrainAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(DrainLimit);
        try
        {
            var ended = progress.Replicas.Where(replica => replica.Phase is "Succeeded" or "Failed").Select(replica => replica.Uid).ToHashSet();
            await Task.WhenAll(followed.Where(entry => ended.Contains(entry.Key.Uid)).Select(entry => entry.Value)).WaitAsync(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A log that does not end is not worth waiting for.
        }

        while (events.Reader.TryRead(out var happened))
        {
            Handle(happened, progress, cancellationToken);
        }
    }

    private void FollowLogs(ReplicaState replica, CancellationToken cancellationToken)
    {
        foreach (var container in replica.Containers.Where(container => container.HasStarted))
        {
            var key = (replica.Uid, container.Name, container.Restarts);
            if (!followed.ContainsKey(key))
            {
                var query = new LogQuery(replica.Namespace, replica.PodName, container.Name) { Follow = true };
                followed[key] = RunAsync(token => ReadLogAsync(replica, query, token), cancellationToken);
            }
        }
    }

    private async Task ReadLogAsync(ReplicaState replica, LogQuery query, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in logs.ReadAsync(query, cancellationToken))
            {
                events.Writer.TryWrite(new RunEvent.LineRead(replica, query.Container, line));
            }
        }
        catch (Exception exception) when (exception is ApiException or IOException or HttpRequestException)
        {
            events.Writer.TryWrite(new RunEvent.LineRead(replica, query.Container, $"(its log cannot be read: {exception.Message})"));
        }
    }

    private async Task WatchTargetAsync(Submitted target, CancellationToken cancellationToken)
    {
        var watch = new ObjectWatch(client, target.Type.CollectionPath(target.Namespace), $"fieldSelector=metadata.name%3D{target.Name}", time);
        await foreach (var seen in watch.ReadAsync(cancellationToken))
        {
            events.Writer.TryWrite(new RunEvent.TargetSeen(seen.Document, seen.Gone));
        }
    }

    private async Task WatchPodsAsync(string @namespace, CancellationToken cancellationToken)
    {
        await foreach (var seen in new ObjectWatch(client, pods.CollectionPath(@namespace), "", time).ReadAsync(cancellationToken))
        {
            events.Writer.TryWrite(new RunEvent.ReplicaSeen(ReadReplica(seen)));
        }
    }

    /// <summary>A pod that is gone without having finished was removed, by a clean-up or by somebody.</summary>
    private static ReplicaState ReadReplica(Seen seen)
    {
        var replica = ReplicaReader.Read(seen.Document);
        return seen.Gone && replica.Phase is not ("Succeeded" or "Failed") ? replica with { Phase = "Deleted", Waiting = "" } : replica;
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            events.Writer.TryWrite(new RunEvent.Tick());
        }
    }

    /// <summary>A source that fails tells the reader instead of failing unseen.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> source, CancellationToken cancellationToken)
    {
        try
        {
            await source(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (Exception exception)
        {
            events.Writer.TryWrite(new RunEvent.Broken(exception));
        }
    }
}
