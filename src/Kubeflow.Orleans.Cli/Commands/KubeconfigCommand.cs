using System.CommandLine;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary><c>kfo kubeconfig</c>.</summary>
internal static class KubeconfigCommand
{
    public static Command Build(CommandContext context)
    {
        var raw = new Option<bool>("--raw") { Description = "Print the file itself. It holds the token that opens the control plane: do not show it around." };
        var command = CommandLine.Describe("kubeconfig", "Prints where the control plane's kubeconfig is, for kubectl and every other Kubernetes client.", "export KUBECONFIG=$(kfo kubeconfig)", "kfo kubeconfig --raw > copy");
        command.Add(raw);
        command.SetAction((parsed, cancellationToken) => PrintAsync(context, parsed.GetValue(raw), cancellationToken));
        return command;
    }

    private static async Task<int> PrintAsync(CommandContext context, bool raw, CancellationToken cancellationToken)
    {
        var path = context.Home.Kubeconfig;
        if (!File.Exists(path))
        {
            throw new FailureException($"There is no kubeconfig in {context.Home.Folder} yet.", hint: "It is written when a control plane starts: kfo up");
        }

        await context.Output.WriteLineAsync(raw ? (await File.ReadAllTextAsync(path, cancellationToken)).TrimEnd() : path);
        return ExitCode.Success;
    }
}
