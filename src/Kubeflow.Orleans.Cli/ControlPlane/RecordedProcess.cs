using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kubeflow.Orleans.Cli.ControlPlane;

/// <summary>A process by number and start time: numbers are used again, so the number alone must never be signalled.</summary>
internal sealed partial record RecordedProcess(int Id, long StartedUnixMilliseconds)
{
    /// <summary>Start times are rounded differently when another process asks.</summary>
    private const long ToleranceMilliseconds = 2000;

    private const int Terminate = 15;

    public bool IsAlive => StartTime(Id) is { } started && Math.Abs(started - StartedUnixMilliseconds) <= ToleranceMilliseconds;

    public static RecordedProcess Current { get; } = new(Environment.ProcessId, StartTime(Environment.ProcessId)!.Value);

    public static bool Exists(int id) => StartTime(id) is not null;

    public static RecordedProcess? TryParse(string text) =>
        text.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is [var id, var started]
        && int.TryParse(id, CultureInfo.InvariantCulture, out var number) && long.TryParse(started, CultureInfo.InvariantCulture, out var time)
            ? new RecordedProcess(number, time)
            : null;

    /// <summary>Asks it to end (where processes can be asked), and ends it after the limit.</summary>
    public async Task StopAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!IsAlive)
        {
            return;
        }

        using var process = Process.GetProcessById(Id);
        if (OperatingSystem.IsWindows() || Kill(Id, Terminate) != 0)
        {
            process.Kill(entireProcessTree: true);
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Leaves the terminal's session: its Ctrl-C and its end no longer reach this process.</summary>
    public static void LeaveTerminal()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = NewSession();
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id} {StartedUnixMilliseconds}\n");

    private static long? StartTime(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int NewSession();
}
