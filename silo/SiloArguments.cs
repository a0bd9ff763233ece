using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Kubeflow.Orleans.Core.Selectors;
using Kubeflow.Orleans.Silo.Clusters;
using Kubeflow.Orleans.Silo.Membership;

namespace Kubeflow.Orleans.Silo;

/// <summary>The silo's command line.</summary>
internal static class SiloArguments
{
    public const string Usage = """
        Starts the control plane, with its embedded cluster unless others are named.

          --home DIR             where data, certificates and the kubeconfig are kept (KFO_HOME, else ~/.kfo)
          --listen ADDRESS       address to serve on (127.0.0.1)
          --port N               HTTPS port; 0 picks a free one (8443)
          --host NAME            a name clients call the server by, beside localhost; may be repeated
          --kubeconfig FILE      run jobs in the cluster of this kubeconfig; FILE#CONTEXT for another than its current context
          --cluster NAME=WHERE   run jobs in this cluster: embedded, in-cluster, FILE or FILE#CONTEXT. May be repeated; jobs and
                                 namespaces name one by the annotation kubeflow-orleans.dev/cluster, the first is the default
          --database CONNECTION  share this PostgreSQL database with other silos: Host=...;Username=...;Password=...;Database=... (KFO_DATABASE,
                                 which keeps the password out of the list of processes)
          --silo-address IP[:N]  where the other silos reach this one; goes with --database (port 11111)
          --simulated-nodes N    add N nodes whose pods run no process, for scale tests (0)
          --keep-pods            leave pods running when the silo stops; the next start adopts them
          --log-retention N      seconds that changes are kept for watchers to resume from (600)
          --gang-scheduler NAME  schedule the pods of a training job together: volcano, or a scheduler with the coscheduling plugin
          --progress-url URL     how pods reach this server to report progress (its own address)
          --log-level LEVEL      Trace, Debug, Information, Warning or Error (Warning)
          --help                 this text
        """;

    private const string DefaultCluster = "default";

    /// <summary>It is part of a label beside the identity of the control plane.</summary>
    private const int LongestClusterName = 30;

    public static SiloSettings Help { get; } = new() { Home = "--help" };

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static SiloSettings Parse(IReadOnlyList<string> arguments)
    {
        var settings = new SiloSettings { Database = Environment.GetEnvironmentVariable("KFO_DATABASE") is { Length: > 0 } shared ? DatabaseSettings.Parse(shared) : null };
        var clusters = ImmutableArray.CreateBuilder<ClusterSettings>();
        for (var at = 0; at < arguments.Count; at++)
        {
            settings = arguments[at] switch
            {
                "--help" or "-h" => Help,
                "--keep-pods" => settings with { StopPodsOnShutdown = false },
                "--home" => settings with { Home = Path.GetFullPath(Value(arguments, ref at)) },
                "--listen" => settings with { Address = Address(arguments, ref at) },
                "--host" => settings with { HostNames = settings.HostNames.Add(Value(arguments, ref at)) },
                "--port" => settings with { Port = Number(arguments, ref at, 65535) },
                "--kubeconfig" => With(settings, clusters, $"{DefaultCluster}={Value(arguments, ref at)}"),
                "--cluster" => With(settings, clusters, Value(arguments, ref at)),
                "--database" => settings with { Database = DatabaseSettings.Parse(Value(arguments, ref at)) },
                "--silo-address" => settings with { SiloAddress = SiloMembership.ParseAddress(Value(arguments, ref at)) },
                "--simulated-nodes" => settings with { SimulatedNodes = Number(arguments, ref at, 100_000) },
                "--log-retention" => settings with { LogRetention = TimeSpan.FromSeconds(Number(arguments, ref at, 31_536_000)) },
                "--gang-scheduler" => settings with { GangScheduler = Value(arguments, ref at) },
                "--progress-url" => settings with { ProgressAddress = Url(arguments, ref at) },
                "--log-level" => settings with { LogLevel = Level(arguments, ref at) },
                var unknown => throw new ArgumentException($"'{unknown}' is no argument of the silo. Try --help."),
            };
            if (settings == Help)
            {
                return Help;
            }
        }

        return settings.RequireSound();
    }

    private static SiloSettings With(SiloSettings settings, ImmutableArray<ClusterSettings>.Builder clusters, string text)
    {
        var parts = text.Split('=', 2);
        if (parts.Length != 2 || NameSyntax.Label(parts[0]).Any() || parts[0].Length > LongestClusterName || parts[1].Length == 0)
        {
            throw new ArgumentException($"--cluster takes NAME=WHERE with a name of up to {LongestClusterName} lower case letters, digits and '-', not '{text}'.");
        }

        if (clusters.Any(known => known.Name == parts[0]))
        {
            throw new ArgumentException($"Two clusters cannot both be named '{parts[0]}'.");
        }

        clusters.Add(new ClusterSettings(parts[0], ClusterAccess.Parse(parts[1])));
        return settings with { Clusters = clusters.ToImmutable() };
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

    private static IPAddress Address(IReadOnlyList<string> arguments, ref int at)
    {
        var text = Value(arguments, ref at);
        return IPAddress.TryParse(text, out var address) ? address : throw new ArgumentException($"--listen takes an IP address, not '{text}'.");
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
