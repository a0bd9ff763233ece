using System.CommandLine;
using System.CommandLine.Help;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary>All of <c>kfo</c>'s commands and how they end.</summary>
internal static class CommandLine
{
    public static RootCommand Build(CommandContext context)
    {
        var root = new RootCommand("Kubeflow on your machine, or a control plane for many: run training jobs, watch them, look after them.");
        Command[] commands =
        [
            RunCommand.Build(context), UpCommand.Build(context), DownCommand.Build(context), ServeCommand.Build(context), ApplyCommand.Build(context),
            GetCommand.Build(context), LogsCommand.Build(context), DeleteCommand.Build(context), KubeconfigCommand.Build(context), VersionCommand.Build(context),
        ];
        foreach (var command in commands)
        {
            root.Add(command);
        }

        return root;
    }

    /// <summary>Runs one command line; what goes wrong becomes a sentence on the error output and an exit code.</summary>
    public static async Task<int> InvokeAsync(CommandContext context, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // Ctrl-C is Program's: commands end in order when their token says so, however long that takes.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = context.Output, Error = context.Error };
        var parsed = Build(context).Parse(arguments);
        try
        {
            var code = await parsed.InvokeAsync(configuration, cancellationToken);
            return parsed.Errors.Count > 0 ? ExitCode.Refused : code;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception)
        {
            return await TellAsync(context.Error, exception);
        }
    }

    /// <summary>A command whose help ends with examples a person can copy.</summary>
    public static Command Describe(string name, string description, params string[] examples)
    {
        var command = new Command(name, description);
        var help = new HelpOption();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        command.Add(help);
        return command;
    }

    public static Option<string> NamespaceOption() => new("--namespace", "-n") { Description = "The namespace to work in (default: the kubeconfig's, else 'default').", HelpName = "NAMESPACE" };

    private static async Task<int> TellAsync(TextWriter error, Exception exception)
    {
        var (message, code, hint) = exception switch
        {
            FailureException failure => (failure.Message, failure.ExitCode, failure.Hint),
            Api.ApiException refused => (refused.Message, ExitCode.Failed, ""),
            HttpRequestException unreachable => ($"The control plane cannot be reached: {unreachable.Message}", ExitCode.Failed, "Is it running? Start it with: kfo up"),
            IOException io => (io.Message, ExitCode.Failed, ""),
            _ => ($"This should not have happened, please report it: {exception}", ExitCode.Failed, ""),
        };
        await error.WriteLineAsync($"kfo: {message}");
        if (hint.Length > 0)
        {
            await error.WriteLineAsync(hint);
        }

        return code;
    }
}
