using Npgsql;
using Orleans.Configuration;

namespace Kubeflow.Orleans.Silo.Membership;

/// <summary>How silos know of each other.</summary>
internal static class Clustering
{
    /// <summary>Silos of one database are one cluster: the name tells nothing more.</summary>
    private const string ClusterName = "kubeflow-orleans";

    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    /// <summary>One silo, alone: no membership to share, no port to listen on.</summary>
    public static void UseAlone(this ISiloBuilder silo)
    {
        silo.UseLocalhostClustering();
        // Every grain is here: there is nobody's address to remember.
        silo.Configure<GrainDirectoryOptions>(options => options.CachingStrategy = GrainDirectoryOptions.CachingStrategyType.None);
        ClosedTransport.Use(silo.Services);
    }

    /// <summary>
    /// One of the silos that share a database. Nobody calls grains from outside, so there is no gateway; the directory of grains is the
    /// default one, which may for a moment know two activations of an object but is whole again as soon as a lost silo is voted out: what two
    /// activations do is fenced (grains/README.md), and jobs that wait half a minute for a lease are not worth it.
    /// </summary>
    public static void UseMembership(this ISiloBuilder silo, SiloMembership membership, NpgsqlDataSource members, SiloTls tls)
    {
        silo.Services.AddSingleton(_ => members);
        silo.UseAdoNetClustering(options => options.Configure<NpgsqlDataSource>((clustering, source) =>
        {
            clustering.Invariant = "Npgsql";
            clustering.DataSource = source;
        }));
        silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = ClusterName);

        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // A silo that was frozen and has been voted out learns it from the table, and ends; until then it works for nothing.
            options.TableRefreshTimeout = TableRefresh;

            // Voting takes two. One silo that is left of three may vote alone when the others have not said for three times this long that they live.
            options.IAmAliveTablePublishTimeout = SignOfLife;
        });
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = membership.Address.Address;
            options.SiloPort = membership.Address.Port;
            options.GatewayPort = 0;
        });
        tls.Use(silo);
    }
}
