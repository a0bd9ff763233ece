using System.Globalization;
using System.Runtime.InteropServices;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>A process that cannot be mistaken for a later one with the same number: its pid and when the kernel started it.</summary>
/// <param name="StartTime">Clock ticks since boot from /proc; <c>-</c> where there is no /proc.</param>
internal sealed partial record ProcessIdentity(int Id, string StartTime)
{
    private const int SignalTerminate = 15;
    private const int SignalKill = 9;
    private const string Unknown = "-";

    public bool IsAlive => StartTime == Unknown ? Kill(Id, 0) == 0 : ProcessTable.StartTimeOf(Id) == StartTime;

    public static ProcessIdentity? Parse(string line) =>
        line.Split(' ') is [var id, var start] && int.TryParse(id, CultureInfo.InvariantCulture, out var number) ? new ProcessIdentity(number, start) : null;

    public void Terminate() => Send(SignalTerminate);

    public void Kill() => Send(SignalKill);

    private void Send(int signal)
    {
        if (IsAlive)
        {
            // It may be gone by now: that is what the signal was to achieve.
            _ = Kill(Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}

/// <summary>The processes of this machine, from /proc; empty where there is none.</summary>
internal static class ProcessTable
{
    /// <summary>The variable in a container's environment that marks its processes, whatever sessions they open.</summary>
    public const string Mark = "KUBEFLOW_ORLEANS_CONTAINER";

    /// <summary>Clock ticks since boot at which the process started; empty when it is gone or only its exit status is left.</summary>
    public static string StartTimeOf(int processId) => Stat(processId) is { State: not ("Z" or "X") } stat ? stat.StartTime : "";

    /// <summary>Everything that belongs to a container: its session, and whatever carries its mark.</summary>
    public static IReadOnlyList<ProcessIdentity> MembersOf(int? session, string containerId)
    {
        var mark = System.Text.Encoding.UTF8.GetBytes($"{Mark}={containerId}");
        var members = new List<ProcessIdentity>();
        foreach (var id in ProcessIds())
        {
            if (Stat(id) is { State: not ("Z" or "X") } stat && (stat.Session == session || Environ(id).AsSpan().IndexOf(mark) >= 0))
            {
                members.Add(new ProcessIdentity(id, stat.StartTime));
            }
        }

        return members;
    }

    /// <summary>The environment a process was started with.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentOf(int processId) =>
        System.Text.Encoding.UTF8.GetString(Environ(processId)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last()[1], StringComparer.Ordinal);

    private static IEnumerable<int> ProcessIds() => OperatingSystem.IsLinux()
        ? Directory.EnumerateDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0)
        : [];

    private static ProcessStat? Stat(int processId)
    {
        try
        {
            // The command's name stands in brackets and may itself hold blanks and brackets: read on behind the last one.
            var text = File.ReadAllText($"/proc/{processId}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessStat(fields[0], int.Parse(fields[3], CultureInfo.InvariantCulture), fields[19]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[] Environ(int processId)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{processId}/environ");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private sealed record ProcessStat(string State, int Session, string StartTime);
}
