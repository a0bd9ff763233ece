using System.Diagnostics;
using Kubeflow.Orleans.Cli.Api;
using Kubeflow.Orleans.Silo;

namespace Kubeflow.Orleans.Cli.ControlPlane;

/// <summary>Starts control planes with their own embedded cluster: inside this process, or as a process of its own.</summary>
internal static class EmbeddedControlPlane
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>One that lives as long as a single command, in a home of its own that is removed with it.</summary>
    public static async Task<RunningControlPlane> StartHereAsync(ControlPlaneHome home, CancellationToken cancellationToken)
    {
        home.Create();
        var own = home.ForRun(Environment.ProcessId);
        own.Create();
        var silo = await SiloHost.StartAsync(new SiloSettings { Home = own.Folder, Port = 0, StopsOnSignals = false, LogLevel = "Error" }, cancellationToken);
        var client = await ApiClient.FromKubeconfigAsync(silo.KubeconfigPath, cancellationToken);
        return new RunningControlPlane(client, silo.KubeconfigPath, stop: async () =>
        {
            await silo.DisposeAsync();
            Directory.Delete(own.Folder, recursive: true);
        });
    }

    /// <summary>Runs one in this process until it is told to end.</summary>
    public static async Task ServeAsync(ControlPlaneHome home, int port, TextWriter output, CancellationToken cancellationToken)
    {
        home.Create();
        await using var silo = await SiloHost.StartAsync(new SiloSettings { Home = home.Folder, Port = port }, cancellationToken);
        home.WriteProcess(RecordedProcess.Current);
        try
        {
            await output.WriteLineAsync($"The control plane serves {silo.Address.GetLeftPart(UriPartial.Authority)}; kubeconfig: {silo.KubeconfigPath}");
            await silo.Completion.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end: the silo stops in order below.
        }
        finally
        {
            home.ForgetProcess();
        }
    }

    /// <summary>Starts <c>kfo serve</c> in the background and returns once it is ready.</summary>
    public static async Task<RunningControlPlane> StartInBackgroundAsync(ControlPlaneHome home, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        home.Create();
        using var process = Process.Start(ServeCommand(home, port)) ?? throw new FailureException("The control plane's process could not be started.");
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < StartLimit)
        {
            if (process.HasExited)
            {
                throw new FailureException($"The control plane ended at once (exit code {process.ExitCode}).{LastLines(home)}", hint: $"Its whole log: {home.Log}");
            }

            // Ready is when this very process says so: an old kubeconfig may still point to somebody else.
            if (home.ReadProcess()?.Id == process.Id && await RunningControlPlane.FindAsync(home, cancellationToken) is { } running)
            {
                return running;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }

        process.Kill(entireProcessTree: true);
        throw new FailureException($"The control plane was not ready after {StartLimit.TotalSeconds:0} s and was ended.{LastLines(home)}", hint: $"Its whole log: {home.Log}");
    }

    private static ProcessStartInfo ServeCommand(ControlPlaneHome home, int port)
    {
        var program = Environment.ProcessPath!;
        var command = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            command.ArgumentList.Add(typeof(EmbeddedControlPlane).Assembly.Location);
        }

        foreach (var argument in (string[])["serve", "--detached", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture)])
        {
            command.ArgumentList.Add(argument);
        }

        command.Environment[ControlPlaneHome.Variable] = home.Folder;
        return command;
    }

    private static string LastLines(ControlPlaneHome home)
    {
        if (!File.Exists(home.Log))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(home.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return string.Concat(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(5).Select(line => $"\n  {line}"));
    }
}
