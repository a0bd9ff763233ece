using System.CommandLine;
using System.Reflection;
using Kubeflow.Orleans.Cli.ControlPlane;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo version</c>: of this program, and of the control plane where one runs.</summary>
internal static class VersionCommand
{
    public static Command Build(CommandContext context)
    {
        var command = CommandLine.Describe("version", "Prints the version of kfo and of the running control plane.", "kfo version");
        command.SetAction((_, cancellationToken) => PrintAsync(context, cancellationToken));
        return command;
    }

    private static async Task<int> PrintAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var own = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        await context.Output.WriteLineAsync($"kfo {own}");
        await using var running = await RunningControlPlane.FindAsync(context.Home, cancellationToken);
        if (running is not null)
        {
            var version = await running.Client.GetAsync("/version", cancellationToken);
            await context.Output.WriteLineAsync($"control plane {version["gitVersion"]} at {running.Client.Address}");
        }

        return ExitCode.Success;
    }
}
