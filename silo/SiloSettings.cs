using System.Collections.Immutable;
using System.Net;
using Kubeflow.Orleans.Silo.Clusters;
using Kubeflow.Orleans.Silo.Membership;

namespace Kubeflow.Orleans.Silo;

/// <summary>How a silo runs. Everything has a default that works on a laptop.</summary>
public sealed record SiloSettings
{
    public const int DefaultPort = 8443;

    /// <summary>The folder that holds data, certificates and the kubeconfig.</summary>
    public string Home { get; init; } = DefaultHome();

    /// <summary>The address that is listened on. Whoever listens on others than loopback serves everybody who has the token.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The HTTPS port; 0 picks a free one.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Names clients call the server by, beside those of loopback.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];

    /// <summary>The database shared with other silos; null: this one is alone, with a store of its own.</summary>
    public DatabaseSettings? Database { get; init; }

    /// <summary>Where the other silos reach this one.</summary>
    public IPEndPoint? SiloAddress { get; init; }

    /// <summary>The clusters jobs run in; the first is the one for jobs that name none.</summary>
    public ImmutableArray<ClusterSettings> Clusters { get; init; } = [ClusterSettings.Embedded];

    /// <summary>Nodes that run no processes, for scale tests.</summary>
    public int SimulatedNodes { get; init; }

    /// <summary>Who schedules the pods of a training job together, for jobs that name nobody; empty: nobody.</summary>
    public string GangScheduler { get; init; } = "";

    /// <summary>How pods reach this server to report their progress; null: by its own address, which is right on one machine.</summary>
    public Uri? ProgressAddress { get; init; }

    /// <summary>Whether stopping the silo ends the pods' processes; false leaves them to be adopted by the next start.</summary>
    public bool StopPodsOnShutdown { get; init; } = true;

    /// <summary>How long changes are kept for watchers that come back; who stays away longer lists again.</summary>
    public TimeSpan LogRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether SIGINT and SIGTERM stop the silo; false where the host program answers them itself.</summary>
    public bool StopsOnSignals { get; init; } = true;

    /// <summary>The lowest log level written to standard error.</summary>
    public string LogLevel { get; init; } = "Warning";

    internal SiloMembership? Membership => Database is not null && SiloAddress is not null ? new SiloMembership(Database, SiloAddress) : null;

    internal bool HasEmbeddedCluster => Clusters.Any(cluster => cluster.Access is ClusterAccess.Embedded);

    public string KubeconfigPath => Path.Combine(Home, "kubeconfig");

    public string DataDirectory => Path.Combine(Home, "data");

    /// <summary>KFO_HOME, or .kfo in the user's home.</summary>
    public static string DefaultHome() => Environment.GetEnvironmentVariable("KFO_HOME") is { Length: > 0 } home
        ? Path.GetFullPath(home)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kfo");

    /// <summary>Refuses what contradicts itself.</summary>
    /// <exception cref="ArgumentException">The message says what.</exception>
    public SiloSettings RequireSound() => this switch
    {
        { Database: not null, SiloAddress: null } => throw new ArgumentException(
            "--database needs --silo-address: the address other silos reach this one by. A silo that shares its database with nobody takes 127.0.0.1."),
        { Database: null, SiloAddress: not null } => throw new ArgumentException("--silo-address needs --database (or KFO_DATABASE): silos find each other in the database they share."),
        { Database: not null, HasEmbeddedCluster: true } => throw new ArgumentException(
            "--database needs --kubeconfig or --cluster: the pods of the embedded cluster are processes of one machine, and its objects are kept in the home folder of one silo."),
        _ => this,
    };
}
