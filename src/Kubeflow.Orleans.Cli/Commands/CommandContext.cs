using Kubeflow.Orleans.Cli.ControlPlane;
using Spectre.Console;

namespace Kubeflow.Orleans.Cli.Commands;

/// <summary>What every command works with: the outside world, so that tests can bring their own.</summary>
internal sealed record CommandContext(ControlPlaneHome Home, TextWriter Output, TextWriter Error, IAnsiConsole Console, TimeProvider Time)
{
    /// <summary>Whether a person looks at a terminal that can be drawn on.</summary>
    public bool Interactive => Console.Profile.Capabilities is { Interactive: true, Ansi: true };

    public static CommandContext Create() => new(ControlPlaneHome.Default, System.Console.Out, System.Console.Error, AnsiConsole.Console, TimeProvider.System);
}
