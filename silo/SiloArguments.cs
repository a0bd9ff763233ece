using System.Globalization;

namespace Kubeflow.Orleans.Silo;

/// <summary>The silo's command line.</summary>
internal static class SiloArguments
{
    public const string Usage = """
        Starts the control plane with its embedded cluster.

          --home DIR             where data, certificates and the kubeconfig are kept (KFO_HOME, else ~/.kfo)
          --port N               HTTPS port on 127.0.0.1; 0 picks a free one (8443)
          --simulated-nodes N    add N nodes whose pods run no process, for scale tests (0)
          --keep-pods            leave pods running when the silo stops; the next start adopts them
          --log-retention N      seconds that changes are kept for watchers to resume from (600)
          --gang-scheduler NAME  schedule the pods of a training job together: volcano, or a scheduler with the coscheduling plugin
          --progress-url URL     how pods reach this server to report progress (its own address)
          --log-level LEVEL      Trace, Debug, Information, Warning or Error (Warning)
          --help                 this text
        """;

    public static SiloSettings Help { get; } = new() { Home = "--help" };

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static SiloSettings Parse(IReadOnlyList<string> arguments)
    {
        var settings = new SiloSettings();
        for (var at = 0; at < arguments.Count; at++)
        {
            settings = arguments[at] switch
            {
                "--help" or "-h" => Help,
                "--keep-pods" => settings with { StopPodsOnShutdown = false },
                "--home" => settings with { Home = Path.GetFullPath(Value(arguments, ref at)) },
                "--port" => settings with { Port = Number(arguments, ref at, 65535) },
                "--simulated-nodes" => settings with { SimulatedNodes = Number(arguments, ref at, 100_000) },
                "--log-retention" => settings with { LogRetention = TimeSpan.FromSeconds(Number(arguments, ref at, 31_536_000)) },
                "--gang-scheduler" => settings with { GangScheduler = Value(arguments, ref at) },
                "--progress-url" => settings with { ProgressAddress = Url(arguments, ref at) },
                "--log-level" => settings with { LogLevel = Level(arguments, ref at) },
                var unknown => throw new ArgumentException($"'{unknown}' is no argument of the silo. Try --help."),
            };
            if (settings == Help)
            {
                break;
            }
        }

        return settings;
    }

    private static string Value(IReadOnlyList<string> arguments, ref int at) =>
        ++at < arguments.Count ? arguments[at] : throw new ArgumentException($"{arguments[at - 1]} needs a value. Try --help.");

    private static int Number(IReadOnlyList<string> arguments, ref int at, int most)
    {
        var name = arguments[at];
        var text = Value(arguments, ref at);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw new ArgumentException($"{name} takes a number from 0 to {most}, not '{text}'.");
    }

    private static Uri Url(IReadOnlyList<string> arguments, ref int at)
    {
        var text = Value(arguments, ref at);
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == "https" ? url : throw new ArgumentException($"--progress-url takes an https:// address, not '{text}'.");
    }

    private static string Level(IReadOnlyList<string> arguments, ref int at)
    {
        var text = Value(arguments, ref at);
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out _)
            ? text
            : throw new ArgumentException($"--log-level takes Trace, Debug, Information, Warning or Error, not '{text}'.");
    }
}
