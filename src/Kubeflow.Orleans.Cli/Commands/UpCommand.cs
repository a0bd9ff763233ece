using System.CommandLine;
using Kubeflow.Orleans.Cli.ControlPlane;
using Kubeflow.Orleans.Silo;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo up</c>: a control plane in the background.</summary>
internal static class UpCommand
{
    public static Command Build(CommandContext context)
    {
        var port = PortOption();
        var command = CommandLine.Describe("up", "Starts a control plane in the background and returns when it is ready.", "kfo up", "kfo up --port 0", "export KUBECONFIG=$(kfo kubeconfig); kubectl get tfjobs");
        command.Add(port);
        command.SetAction((parsed, cancellationToken) => UpAsync(context, parsed.GetValue(port), cancellationToken));
        return command;
    }

    public static Option<int> PortOption() => new("--port") { Description = "The port on loopback; 0 takes a free one.", DefaultValueFactory = _ => SiloSettings.DefaultPort, HelpName = "PORT" };

    private static async Task<int> UpAsync(CommandContext context, int port, CancellationToken cancellationToken)
    {
        var found = await RunningControlPlane.FindAsync(context.Home, cancellationToken);
        await using var running = found ?? await EmbeddedControlPlane.StartInBackgroundAsync(context.Home, port, context.Time, cancellationToken);
        await context.Output.WriteLineAsync($"The control plane {(found is null ? "is up" : "was up already")} at {running.Client.Address}\nkubectl --kubeconfig {running.Kubeconfig} get pods\nStop it with: kfo down");
        return ExitCode.Success;
    }
}
