using System.Collections.Immutable;
using System.Net;
using Kubeflow.Orleans.ApiServer;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.ApiServer.Health;
using Kubeflow.Orleans.ApiServer.OpenApi;
using Kubeflow.Orleans.ApiServer.Progress;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Core.Progress;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.Progress;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Kubeflow.Orleans.LocalCluster;
using Kubeflow.Orleans.Silo.Clusters;
using Kubeflow.Orleans.Silo.Membership;
using Kubeflow.Orleans.Silo.Security;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Retention;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orleans.Configuration;

namespace Kubeflow.Orleans.Silo;

/// <summary>The composition root: the only place that knows every part.</summary>
public static class SiloHost
{
    /// <summary>Starts a silo and returns once it serves.</summary>
    /// <exception cref="ArgumentException">The settings contradict themselves.</exception>
    /// <exception cref="IOException">A port is taken, another silo uses the same home folder, or the shared database cannot be used.</exception>
    public static async Task<RunningSilo> StartAsync(SiloSettings settings, CancellationToken cancellationToken)
    {
        settings.RequireSound();
        settings.Membership?.RequireFreeAddress();
        var clock = TimeProvider.System;
        PrivateFiles.CreateDirectory(settings.Home);
        var own = new SecretFolder(Path.Combine(settings.Home, "pki"));
        var storage = await SiloStorage.OpenAsync(settings, own, clock, cancellationToken);
        using var authority = await CertificateAuthority.LoadAsync(storage.Credentials, clock, cancellationToken);
        var credentials = await LocalCredentials.LoadAsync(authority, storage.Credentials, own, settings.HostNames, clock, cancellationToken);
        var controlPlane = await ControlPlaneIdentity.LoadAsync(storage.Identity, cancellationToken);
        var inside = new InsideEndpoint(settings.Home);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        ConfigureLogging(builder.Logging, settings);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureForKubernetes();
            kestrel.Listen(settings.Address, settings.Port, listener => listener.UseHttps(credentials.ServerCertificate));
            if (settings.HasEmbeddedCluster)
            {
                kestrel.ListenUnixSocket(inside.SocketPath, listener => listener.Protocols = HttpProtocols.Http1);
            }
        });
        ConfigureOrleans(builder, settings, storage, authority);
        if (!settings.StopsOnSignals)
        {
            builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        }

        // Opening the store makes the home ours: it refuses a second silo.
        var store = await storage.Opening;
        if (settings.HasEmbeddedCluster)
        {
            inside.RemoveStaleSocket();
        }

        var progress = new ProgressServer(ProgressToken.KeyFrom(credentials.Token), credentials.AuthorityPem);
        AddServices(builder.Services, settings, credentials, controlPlane, inside, progress, clock, store);

        var app = builder.Build();
        app.MapKubernetesApi();
        app.MapDiscovery();
        app.MapKubernetesOpenApi();
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var address = LocalAddress(new Uri(app.Urls.Single(url => url.StartsWith("https://", StringComparison.Ordinal))));
        progress.Address = settings.ProgressAddress ?? address;
        await Kubeconfig.WriteAsync(settings.KubeconfigPath, address, credentials, cancellationToken);
        return new RunningSilo(app, address, settings.KubeconfigPath);
    }

    /// <summary>How clients on this host reach a server that listens on every address.</summary>
    private static Uri LocalAddress(Uri bound) => IPAddress.TryParse(bound.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        ? new UriBuilder(bound) { Host = "127.0.0.1" }.Uri
        : bound;

    private static void AddServices(
        IServiceCollection services,
        SiloSettings settings,
        LocalCredentials credentials,
        string controlPlane,
        InsideEndpoint inside,
        ProgressServer progress,
        TimeProvider clock,
        IResourceStore store)
    {
        services.AddSingleton(clock);
        services.AddSingleton<IResourceStore>(_ => store);
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<IChangeFeed>(provider => provider.GetRequiredService<ChangeFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<ChangeFeed>());

        services.AddSingleton(new LogRetentionOptions { Age = settings.LogRetention });
        services.AddHostedService<LogRetention>();

        services.AddKubernetesApi(options =>
        {
            foreach (var name in settings.HostNames)
            {
                options.AllowedHosts.Add(name);
            }

            options.Tokens.Add(new AcceptedToken(credentials.Token, "kubernetes-admin", ["system:masters"]));
            options.Tokens.Add(new AcceptedToken(inside.Token, "system:kubeflow-orleans", ["system:masters"]));
        });
        if (settings.HasEmbeddedCluster)
        {
            services.AddLocalCluster(options =>
            {
                options.DataDirectory = settings.DataDirectory;
                options.CertificateAuthority = credentials.AuthorityPem;
                options.SimulatedNodes = settings.SimulatedNodes;
                options.StopPodsOnShutdown = settings.StopPodsOnShutdown;
            });
        }

        services.AddBuiltInRuntimes();
        foreach (var kind in TrainingFamily.Kinds.Concat(TrainerFamily.Kinds))
        {
            services.AddSingleton(kind);
        }

        services.AddProgressReports(TrainingFamily.Kinds.Concat(TrainerFamily.Kinds), ProgressToken.KeyFrom(credentials.Token));
        var training = settings.Clusters[0].Access is ClusterAccess.Embedded ? ForEmbeddedCluster : new TrainingOptions();
        training = training with { ProgressServer = progress, GangSchedulerName = settings.GangScheduler };
        IReadOnlyList<IStateMachine> machines = [.. TrainingFamily.StateMachines(training), .. TrainerFamily.StateMachines(training)];
        foreach (var machine in machines)
        {
            services.AddSingleton(machine);
        }

        services.AddClusters(settings.Clusters, controlPlane, inside, [.. machines.SelectMany(machine => machine.ChildKinds).Distinct()]);
        services.AddResourceGrains();
    }

    /// <summary>
    /// Pods here bring a stand-in for kubectl exec, as images that deliver the real one cannot be pulled. And they run as the user of the
    /// host, who may be root, which Open MPI otherwise takes for a mistake.
    /// </summary>
    private static TrainingOptions ForEmbeddedCluster { get; } = new()
    {
        MPIKubectlDeliveryCommand = ["sh", "-c", "cp \"$(command -v pod-exec)\" \"$TARGET_DIR/kubectl\""],
        MPILauncherVariables = ImmutableDictionary<string, string>.Empty.Add("OMPI_ALLOW_RUN_AS_ROOT", "1").Add("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    };

    private static void ConfigureOrleans(WebApplicationBuilder builder, SiloSettings settings, SiloStorage storage, CertificateAuthority authority)
    {
        builder.Host.UseOrleans(silo =>
        {
            if (settings.Membership is { } membership)
            {
                silo.UseMembership(membership, storage.Members!, SiloTls.Create(authority));
                silo.Services.AddSingleton<IReadinessCheck, MembershipReadiness>();
            }
            else
            {
                silo.UseAlone();
            }

            silo.Configure<GrainCollectionOptions>(options => options.CollectionQuantum = TimeSpan.FromSeconds(30));
            silo.Configure<SiloMessagingOptions>(options => options.MaxEnqueuedRequestsHardLimit = 2000);
        });
    }

    private static void ConfigureLogging(ILoggingBuilder logging, SiloSettings settings)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        // At start it takes the machine's uptime for the time since its last check; the health monitor warns of real stalls.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        logging.SetMinimumLevel(Enum.Parse<LogLevel>(settings.LogLevel, ignoreCase: true));
    }

    /// <summary>Leaves signals to the program the silo runs in.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
