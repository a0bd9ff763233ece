using System.CommandLine;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Cli.Manifests;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo delete KIND NAME...</c> and <c>kfo delete -f FILE</c>.</summary>
internal static class DeleteCommand
{
    public static Command Build(CommandContext context)
    {
        var kind = new Argument<string?>("KIND") { Description = "For example tfjob or pods.", Arity = ArgumentArity.ZeroOrOne };
        var names = new Argument<string[]>("NAME") { Description = "One or more names.", Arity = ArgumentArity.ZeroOrMore };
        var file = ApplyCommand.FileOption(required: false);
        var @namespace = CommandLine.NamespaceOption();
        var command = CommandLine.Describe("delete", "Deletes objects by name, or those of a file.", "kfo delete tfjob digits", "kfo delete -f deploy/samples/digits-tfjob.yaml");
        command.Add(kind);
        command.Add(names);
        command.Add(file);
        command.Add(@namespace);
        command.Validators.Add(result =>
        {
            var byName = result.GetValue(kind) is not null && result.GetValue(names) is { Length: > 0 };
            if (byName == result.GetValue(file) is not null)
            {
                result.AddError("Name a kind and at least one object, or a file with -f.");
            }
        });
        command.SetAction((parsed, cancellationToken) => DeleteAsync(
            context, parsed.GetValue(kind), parsed.GetValue(names) ?? [], parsed.GetValue(file), parsed.GetValue(@namespace), cancellationToken));
        return command;
    }

    private static async Task<int> DeleteAsync(CommandContext context, string? kind, string[] names, string? file, string? @namespace, CancellationToken cancellationToken)
    {
        var manifests = file is null ? [] : await ManifestReader.ReadFileAsync(file, cancellationToken);
        await using var controlPlane = await RunningControlPlane.RequireAsync(context.Home, cancellationToken);
        var catalog = await ResourceCatalog.DiscoverAsync(controlPlane.Client, cancellationToken);
        var home = @namespace ?? controlPlane.Client.DefaultNamespace;
        var wanted = file is null
            ? names.Select(name => (Type: catalog.Require(kind!), Namespace: home, Name: name))
            : manifests.Select(manifest => (
                catalog.FindKind(manifest.ApiVersion, manifest.Kind) ?? catalog.Require(manifest.Kind), manifest.Namespace.Length > 0 ? manifest.Namespace : home, manifest.Name));
        foreach (var (type, place, name) in wanted)
        {
            await controlPlane.Client.DeleteAsync(type.ItemPath(place, name), cancellationToken);
            await context.Output.WriteLineAsync($"{type.Singular} \"{name}\" deleted");
        }

        return ExitCode.Success;
    }
}
