using System.Globalization;

namespace Kubeflow.Orleans.Cli.ControlPlane;

/// <summary>The folder a laptop's control plane lives in: kubeconfig, data, log, and who runs it.</summary>
internal sealed record ControlPlaneHome(string Folder)
{
    public const string Variable = "KFO_HOME";

    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    public string Log => Path.Combine(Folder, "kfo.log");

    private string PidFile => Path.Combine(Folder, "kfo.pid");

    private string Runs => Path.Combine(Folder, "runs");

    /// <summary>KFO_HOME, else <c>~/.kfo</c>.</summary>
    public static ControlPlaneHome Default => new(Path.GetFullPath(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kfo")));

    /// <summary>Creates the folder for its owner alone: what lies here opens the control plane.</summary>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Folder);
        }
        else
        {
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The process that runs the control plane here; null when there is none (any more).</summary>
    public RecordedProcess? ReadProcess() => File.Exists(PidFile) && RecordedProcess.TryParse(File.ReadAllText(PidFile)) is { IsAlive: true } process ? process : null;

    public void WriteProcess(RecordedProcess process) => File.WriteAllText(PidFile, process.ToString());

    public void ForgetProcess() => File.Delete(PidFile);

    /// <summary>A home for one run, gone when the run is over. Those of runs that were killed are cleared away first.</summary>
    public ControlPlaneHome ForRun(int processId)
    {
        foreach (var folder in Directory.Exists(Runs) ? Directory.GetDirectories(Runs) : [])
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var owner) || owner == processId || !RecordedProcess.Exists(owner))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return new ControlPlaneHome(Path.Combine(Runs, processId.ToString(CultureInfo.InvariantCulture)));
    }
}
