using System.Globalization;
using System.Text;

namespace Kubeflow.Orleans.Resilience.Tests.Processes;

/// <summary>A process of a job.</summary>
/// <param name="StartTime">Tells it from a later process of the same number.</param>
/// <param name="IsCommand">It is the container's own command: neither what keeps watch over it nor what it has started itself.</param>
internal sealed record JobProcess(int Id, int ParentId, string StartTime, string Pod, string PodUid, bool IsCommand)
{
    public bool IsAlive => ProcessTable.Read(Id) is { } now && now.StartTime == StartTime;

    public override string ToString() => $"{Id} of pod {Pod} {PodUid}";
}

/// <summary>The machine's processes, as /proc shows them.</summary>
internal static class ProcessTable
{
    /// <summary>All living processes in whose command the marker stands.</summary>
    public static IReadOnlyList<JobProcess> OfMarker(string marker)
    {
        var found = new List<JobProcess>();
        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id)
                && Text(id, "cmdline") is var command && command.Contains(marker, StringComparison.Ordinal) && Read(id) is { } stat)
            {
                var environment = Text(id, "environ").Split('\0');
                found.Add(new JobProcess(
                    id, stat.ParentId, stat.StartTime, Variable(environment, "POD_NAME"), Variable(environment, "POD_UID"), command.StartsWith("sh\0-c\0", StringComparison.Ordinal)));
            }
        }

        return found;
    }

    /// <summary>Null when it is gone or only its exit status is left.</summary>
    public static (int ParentId, string StartTime)? Read(int id)
    {
        var text = Text(id, "stat");
        if (text.Length == 0)
        {
            return null;
        }

        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[19]);
    }

    /// <summary>The number of threads and the resident memory in megabytes.</summary>
    public static (int Threads, int Megabytes) Size(int id)
    {
        var lines = Text(id, "status").Split('\n');
        int Value(string name) => int.Parse(lines.Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return (Value("Threads:"), Value("VmRSS:") / 1024);
    }

    private static string Variable(string[] environment, string name) =>
        environment.FirstOrDefault(entry => entry.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";

    private static string Text(int id, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/{file}"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
