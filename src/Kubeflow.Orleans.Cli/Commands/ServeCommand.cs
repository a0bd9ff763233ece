using System.CommandLine;
using Kubeflow.Orleans.Cli.ControlPlane;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo serve</c>: a control plane in the foreground; <c>kfo up</c> runs it detached.</summary>
internal static class ServeCommand
{
    public static Command Build(CommandContext context)
    {
        var port = UpCommand.PortOption();
        var detached = new Option<bool>("--detached") { Hidden = true };
        var command = CommandLine.Describe("serve", "Runs a control plane in the foreground until Ctrl-C, for service managers and debugging.", "kfo serve --port 8443");
        command.Add(port);
        command.Add(detached);
        command.SetAction((parsed, cancellationToken) => ServeAsync(context, parsed.GetValue(port), parsed.GetValue(detached), cancellationToken));
        return command;
    }

    private static async Task<int> ServeAsync(CommandContext context, int port, bool detached, CancellationToken cancellationToken)
    {
        if (!detached)
        {
            await EmbeddedControlPlane.ServeAsync(context.Home, port, context.Output, cancellationToken);
            return ExitCode.Success;
        }

        RecordedProcess.LeaveTerminal();
        context.Home.Create();
        await using var log = TextWriter.Synchronized(new StreamWriter(new FileStream(context.Home.Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true });
        Console.SetOut(log);
        Console.SetError(log);
        try
        {
            await EmbeddedControlPlane.ServeAsync(context.Home, port, log, cancellationToken);
            return ExitCode.Success;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await log.WriteLineAsync(exception.Message);
            return ExitCode.Failed;
        }
    }
}
