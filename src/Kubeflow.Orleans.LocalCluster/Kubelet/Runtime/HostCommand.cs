using System.Diagnostics;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>How a short command ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, bool TimedOut);

/// <summary>Runs short commands on the host: probes, hooks, tries. Never longer than the time they are given.</summary>
internal static class HostCommand
{
    private const int MaximumOutput = 10 * 1024;

    /// <summary>Where the tools the kubelet itself uses are looked for.</summary>
    public static string ToolPath { get; } = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static async Task<CommandResult> RunAsync(
        string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeLimit);
        try
        {
            var output = await Task.WhenAll(ReadAsync(process.StandardOutput, limit.Token), ReadAsync(process.StandardError, limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, string.Concat(output), TimedOut: false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new CommandResult(-1, "", TimedOut: true);
        }
    }

    /// <summary>All is read, so that the command never blocks on a full pipe; only the beginning is kept.</summary>
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var kept = new System.Text.StringBuilder();
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            kept.Append(buffer, 0, Math.Min(count, MaximumOutput - kept.Length));
        }

        return kept.ToString();
    }
}
