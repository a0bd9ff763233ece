using System.Globalization;
using System.Text;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>
/// One start of a container, as durable facts in a directory. In order of appearance: <c>intent</c> (we are about to start it),
/// <c>claim</c> (a shim took the intent up: created exclusively, so there is one at the most), <c>pid</c> (the container's main
/// process), <c>exit</c> (its end).
/// </summary>
internal sealed class ContainerAttempt(string directory, int number, string log)
{
    public string Directory { get; } = directory;

    public int Number { get; } = number;

    public string Log { get; } = log;

    public string LaunchScript => Path.Combine(Directory, "launch.sh");

    public string MountTable => Path.Combine(Directory, "fstab");

    public string RootView => Path.Combine(Directory, "root");

    public string TerminationMessage => Path.Combine(Directory, "termination-log");

    private string StartError => Path.Combine(Directory, "start-error");

    private string Intent => Path.Combine(Directory, "intent");

    private string Claim => Path.Combine(Directory, "claim");

    private string Exit => Path.Combine(Directory, "exit");

    /// <summary>Writes down that the attempt is about to start. After this, whatever happens, it is never started a second time.</summary>
    public AttemptIntent Begin(DateTimeOffset now)
    {
        KubeletDirectory.CreatePrivate(Directory);
        var intent = new AttemptIntent(Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), now);
        DurableFile.Write(Intent, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{intent.Id} {now:O}")));
        File.WriteAllText(TerminationMessage, "");
        return intent;
    }

    public AttemptIntent? ReadIntent()
    {
        if (!File.Exists(Intent) || File.ReadAllText(Intent).Split(' ') is not [var id, var time])
        {
            return null;
        }

        return new AttemptIntent(id, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Makes sure that no shim will take this attempt up any more; false when one has. A shim that was forked but is late finds the
    /// claim taken and ends without starting anything.
    /// </summary>
    public bool Revoke()
    {
        // Written elsewhere and moved: a claim whose author died before it said whose it is would never tell.
        var revocation = Path.Combine(Directory, "revocation");
        File.WriteAllText(revocation, "revoked\n");
        try
        {
            File.Move(revocation, Claim);
            return true;
        }
        catch (IOException)
        {
            return ReadLine(Claim) == "revoked";
        }
    }

    /// <summary>The shim's identity; null before it has claimed the attempt.</summary>
    public ProcessIdentity? ReadShim() => ProcessIdentity.Parse(ReadLine(Claim));

    /// <summary>The main process's identity; null before it runs.</summary>
    public ProcessIdentity? ReadMain() => ProcessIdentity.Parse(ReadLine(Path.Combine(Directory, "pid")));

    /// <summary>How the attempt ended; null while it has not, or when nobody was left to write it down.</summary>
    public AttemptExit? ReadExit() => int.TryParse(ReadLine(Exit), CultureInfo.InvariantCulture, out var code)
        ? new AttemptExit(code, File.GetLastWriteTimeUtc(Exit), File.Exists(StartError) ? File.ReadAllText(StartError).Trim() : null)
        : null;

    /// <summary>Ends an attempt that never ran.</summary>
    public AttemptExit FailStart(string message, DateTimeOffset now)
    {
        File.WriteAllText(StartError, message);
        DurableFile.Write(Exit, "128\n"u8);
        return new AttemptExit(128, now, message);
    }

    /// <summary>Writes down an end that only we know of.</summary>
    public AttemptExit RecordExit(int code, DateTimeOffset now)
    {
        DurableFile.Write(Exit, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{code}\n")));
        return new AttemptExit(code, now, null);
    }

    public void Delete()
    {
        File.Delete(Log);
        File.Delete(Log + LogTimeIndex.Extension);
        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    /// <summary>The first line of a file; empty while there is none or it is still being written.</summary>
    private static string ReadLine(string path)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        var text = File.ReadAllText(path);
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? "" : text[..end];
    }
}

/// <param name="Id">64 hexadecimal digits; the container id, and the mark in its processes' environment.</param>
internal sealed record AttemptIntent(string Id, DateTimeOffset StartedAt)
{
    public string ContainerId => $"process://{Id}";
}

/// <param name="StartError">Why the command could not be run at all; null when it ran.</param>
internal sealed record AttemptExit(int Code, DateTimeOffset FinishedAt, string? StartError)
{
    /// <summary>Nobody could write down how it ended.</summary>
    public bool Lost { get; init; }

    public string Reason => this switch
    {
        { StartError: not null } => "StartError",
        { Lost: true } => "ContainerStatusUnknown",
        { Code: 0 } => "Completed",
        _ => "Error",
    };
}
