using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What a container leaves behind to say why it ended.</summary>
internal static class TerminationMessage
{
    private const int MaximumBytes = 4096;
    private const int MaximumLogBytes = 2048;
    private const int MaximumLogLines = 80;

    /// <summary>The termination message file, or the end of the log where the container asks for that and failed without a word.</summary>
    public static string Read(ContainerSpec container, ContainerAttempt attempt, int exitCode)
    {
        var message = Tail(attempt.TerminationMessage, MaximumBytes, fromStart: true);
        return message.Length == 0 && container.FallsBackToLogs && exitCode != 0 ? LastLines(Tail(attempt.Log, MaximumLogBytes, fromStart: false)) : message;
    }

    private static string Tail(string path, int maximum, bool fromStart)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var buffer = new byte[Math.Min(length, maximum)];
        var count = RandomAccess.Read(file, buffer, fromStart ? 0 : length - buffer.Length);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static string LastLines(string text)
    {
        var start = text.Length;
        for (var lines = 0; start > 0 && lines <= MaximumLogLines; lines++)
        {
            start = text.LastIndexOf('\n', start - 1);
        }

        return text[(start + 1)..];
    }
}
