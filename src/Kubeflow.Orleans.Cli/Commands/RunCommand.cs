using System.CommandLine;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Manifests;
using Kubeflow.Orleans.Cli.Running;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo run FILE</c>: from a manifest to its result, with or without a control plane that is already there.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan WithdrawLimit = TimeSpan.FromSeconds(20);

    public static Command Build(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "A manifest with one or more objects; '-' reads standard input." };
        var keep = new Option<bool>("--keep") { Description = "Leave a control plane running afterwards (as 'kfo up' does), with the job in it." };
        var timeout = new Option<TimeSpan?>("--timeout") { Description = "Give up after this long: 90s, 10m, 2h.", HelpName = "DURATION", CustomParser = Duration.Parse };
        var @namespace = CommandLine.NamespaceOption();
        var command = CommandLine.Describe(
            "run", "Runs a job to its end: submits the file, shows its replicas and their logs, and exits with 0 when it succeeded, 1 when it failed, 2 when it was refused.",
            "kfo run deploy/samples/digits-tfjob.yaml", "kfo run --keep --timeout 10m job.yaml", "kustomize build . | kfo run -");
        command.Add(file);
        command.Add(keep);
        command.Add(timeout);
        command.Add(@namespace);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context, new Request(parsed.GetRequiredValue(file), parsed.GetValue(keep), parsed.GetValue(timeout), parsed.GetValue(@namespace) ?? ""), cancellationToken));
        return command;
    }

    private sealed record Request(string File, bool Keep, TimeSpan? Timeout, string Namespace);

    private static async Task<int> RunAsync(CommandContext context, Request request, CancellationToken cancellationToken)
    {
        var manifests = await ReadAsync(request.File, cancellationToken);
        await using var controlPlane = await FindOrStartAsync(context, request.Keep, cancellationToken);
        var run = new JobRun(context, controlPlane, request.Timeout);
        var catalog = await ResourceCatalog.DiscoverAsync(controlPlane.Client, cancellationToken);
        var submission = new Submission(controlPlane.Client, catalog, request.Namespace.Length > 0 ? request.Namespace : controlPlane.Client.DefaultNamespace, context.Time);
        var submitted = new List<Submitted>();
        try
        {
            foreach (var manifest in manifests)
            {
                submitted.Add(TargetState.RunsToAnEnd(manifest.Kind)
                    ? await submission.StartAsync(manifest, cancellationToken)
                    : await submission.ApplyAsync(manifest, cancellationToken));
                await context.Output.WriteLineAsync($"{submitted[^1].Label} {(submitted[^1].Created ? "created" : "configured")}");
            }

            var succeeded = await run.FollowAsync(submitted, catalog, cancellationToken);
            await TellWhereAsync(context, request, controlPlane);
            return succeeded ? ExitCode.Success : ExitCode.Failed;
        }
        catch (Exception exception) when (exception is OperationCanceledException or FailureException)
        {
            await WithdrawAsync(context, controlPlane, submission, submitted);
            throw;
        }
    }

    private static async Task<IReadOnlyList<Manifest>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var manifests = await ManifestReader.ReadFileAsync(file, cancellationToken);
        if (!manifests.Any(manifest => TargetState.RunsToAnEnd(manifest.Kind)))
        {
            throw new FailureException($"{file} holds nothing that runs to an end (a job or a pod).", ExitCode.Refused, $"To keep its objects in a control plane: kfo up && kfo apply -f {file}");
        }

        ManifestFolder.Annotate(manifests, file);
        return manifests;
    }

    private static async Task<RunningControlPlane> FindOrStartAsync(CommandContext context, bool keep, CancellationToken cancellationToken)
    {
        if (await RunningControlPlane.FindAsync(context.Home, cancellationToken) is { } running)
        {
            return running;
        }

        return keep
            ? await EmbeddedControlPlane.StartInBackgroundAsync(context.Home, Silo.SiloSettings.DefaultPort, context.Time, cancellationToken)
            : await EmbeddedControlPlane.StartHereAsync(context.Home, cancellationToken);
    }

    private static async Task TellWhereAsync(CommandContext context, Request request, RunningControlPlane controlPlane)
    {
        if (request.Keep)
        {
            await context.Output.WriteLineAsync($"The control plane stays up at {controlPlane.Client.Address}\nkubectl --kubeconfig {controlPlane.Kubeconfig} get pods\nStop it with: kfo down");
        }
    }

    /// <summary>Nothing of an interrupted or refused run stays. A control plane of this run's own takes it along when it ends.</summary>
    private static async Task WithdrawAsync(CommandContext context, RunningControlPlane controlPlane, Submission submission, IReadOnlyList<Submitted> submitted)
    {
        if (controlPlane.IsOwn || !submitted.Any(item => item.Created))
        {
            return;
        }

        using var limited = new CancellationTokenSource(WithdrawLimit, context.Time);
        await submission.WithdrawAsync(submitted, limited.Token);
        await context.Error.WriteLineAsync($"Deleted {string.Join(", ", submitted.Where(item => item.Created).Select(item => item.Label))}.");
    }
}
