using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Cli.Running;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary>Follows submitted jobs to their end and tells the result.</summary>
internal sealed class JobRun(CommandContext context, RunningControlPlane controlPlane, TimeSpan? timeout)
{
    /// <returns>Whether all of them succeeded.</returns>
    public async Task<bool> FollowAsync(IReadOnlyList<Submitted> submitted, ResourceCatalog catalog, CancellationToken cancellationToken)
    {
        var targets = submitted.Where(item => TargetState.RunsToAnEnd(item.Type.Kind)).ToList();
        var progress = new RunProgress(targets.Select(target => TargetState.Read(target.Document)));
        var started = context.Time.GetTimestamp();
        if (context.Interactive)
        {
            await LiveView.ShowAsync(context.Console, view => FollowAsync(view, targets, catalog, progress, cancellationToken));
        }
        else
        {
            await FollowAsync(new PlainView(context.Output), targets, catalog, progress, cancellationToken);
        }

        return await TellResultAsync(progress, context.Time.GetElapsedTime(started));
    }

    private async Task<bool> FollowAsync(IRunView view, List<Submitted> targets, ResourceCatalog catalog, RunProgress progress, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = timeout is { } limit ? context.Time.CreateTimer(_ => limited.Cancel(), null, limit, Timeout.InfiniteTimeSpan) : null;
        try
        {
            await new JobFollower(controlPlane.Client, catalog.Pods, view, context.Time).FollowAsync(targets, progress, limited.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(string.Join('\n', FailureReport.Waiting(progress).Prepend($"Not finished after {RunProgress.Seconds(timeout!.Value)}:")));
        }
    }

    private async Task<bool> TellResultAsync(RunProgress progress, TimeSpan elapsed)
    {
        foreach (var target in progress.Targets.Where(target => target.Verdict == Verdict.Succeeded))
        {
            await context.Output.WriteLineAsync($"{target.Label} succeeded in {RunProgress.Seconds(elapsed)}.");
        }

        var failures = FailureReport.Of(progress).ToList();
        foreach (var line in failures)
        {
            await context.Error.WriteLineAsync(line);
        }

        return failures.Count == 0;
    }
}
