using System.CommandLine;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Manifests;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo apply -f FILE</c>.</summary>
internal static class ApplyCommand
{
    public static Command Build(CommandContext context)
    {
        var file = FileOption(required: true);
        var @namespace = CommandLine.NamespaceOption();
        var command = CommandLine.Describe("apply", "Creates or changes the objects of a file and returns at once.", "kfo apply -f deploy/samples/digits-tfjob.yaml", "kfo apply -n team-a -f job.yaml");
        command.Add(file);
        command.Add(@namespace);
        command.SetAction((parsed, cancellationToken) => ApplyAsync(context, parsed.GetRequiredValue(file), parsed.GetValue(@namespace), cancellationToken));
        return command;
    }

    public static Option<string> FileOption(bool required) => new("--filename", "-f") { Description = "A manifest; '-' reads standard input.", HelpName = "FILE", Required = required };

    private static async Task<int> ApplyAsync(CommandContext context, string file, string? @namespace, CancellationToken cancellationToken)
    {
        var manifests = await ManifestReader.ReadFileAsync(file, cancellationToken);
        ManifestFolder.Annotate(manifests, file);
        await using var controlPlane = await RunningControlPlane.RequireAsync(context.Home, cancellationToken);
        var catalog = await ResourceCatalog.DiscoverAsync(controlPlane.Client, cancellationToken);
        var submission = new Submission(controlPlane.Client, catalog, @namespace ?? controlPlane.Client.DefaultNamespace, context.Time);
        foreach (var manifest in manifests)
        {
            var applied = await submission.ApplyAsync(manifest, cancellationToken);
            await context.Output.WriteLineAsync($"{applied.Label} {(applied.Created ? "created" : "configured")}");
        }

        return ExitCode.Success;
    }
}
