using System.Runtime.InteropServices;
using Kubeflow.Orleans.Cli;
using Kubeflow.Orleans.Cli.Commands;

// The first Ctrl-C (or the end of the terminal, or a service manager's stop) ends the command in order; the second ends it at once.
using var interrupted = new CancellationTokenSource();
var signals = 0;
void OnSignal(PosixSignalContext signal)
{
    signal.Cancel = true;
    if (Interlocked.Increment(ref signals) > 1)
    {
        Environment.Exit(ExitCode.Interrupted);
    }

    interrupted.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
return await CommandLine.InvokeAsync(CommandContext.Create(), args, interrupted.Token);
