using System.CommandLine;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo down</c>: ends the control plane <c>kfo up</c> started.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(45);

    public static Command Build(CommandContext context)
    {
        var command = CommandLine.Describe("down", "Stops the control plane and its pods. What it stores stays and is there again after the next 'kfo up'.", "kfo down");
        command.SetAction((_, cancellationToken) => DownAsync(context, cancellationToken));
        return command;
    }

    private static async Task<int> DownAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Home.ReadProcess() is not { } process)
        {
            await context.Output.WriteLineAsync($"No control plane is running in {context.Home.Folder}.");
            return ExitCode.Success;
        }

        await process.StopAsync(StopLimit, cancellationToken);
        context.Home.ForgetProcess();
        await context.Output.WriteLineAsync("The control plane is down.");
        return ExitCode.Success;
    }
}
