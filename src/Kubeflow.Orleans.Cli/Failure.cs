namespace Kubeflow.Orleans.Cli;

/// <summary>What the process answers to its caller.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A job failed, or something outside did.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the file or an object in it was refused: running it again unchanged cannot help.</summary>
    public const int Refused = 2;

    /// <summary>Ctrl-C, as shells count it.</summary>
    public const int Interrupted = 130;
}

/// <summary>An expected end of a command: a sentence for the person, and what to do next where that is known.</summary>
internal sealed class FailureException(string message, int exitCode = ExitCode.Failed, string hint = "") : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string Hint { get; } = hint;
}
