using System.Net;
using k8s;
using Kubeflow.Orleans.ApiServer;
using Kubeflow.Orleans.ApiServer.Discovery;
using Kubeflow.Orleans.ApiServer.OpenApi;
using Kubeflow.Orleans.ApiServer.Security;
using Kubeflow.Orleans.Core.Kinds;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Grains.Training;
using Kubeflow.Orleans.Grains.Training.TrainJob;
using Kubeflow.Orleans.Kubernetes;
using Kubeflow.Orleans.Kubernetes.Connection;
using Kubeflow.Orleans.LocalCluster;
using Kubeflow.Orleans.Silo.Security;
using Kubeflow.Orleans.Store;
using Kubeflow.Orleans.Store.Feed;
using Kubeflow.Orleans.Store.Retention;
using Kubeflow.Orleans.Store.Sqlite;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orleans.Configuration;

namespace Kubeflow.Orleans.Silo;

/// <summary>The composition root: the only place that knows every part.</summary>
public static class SiloHost
{
    private static readonly TimeSpan ClusterRequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Starts a silo on its embedded defaults and returns once it serves.</summary>
    /// <exception cref="IOException">The port is taken, or another silo uses the same home folder.</exception>
    public static async Task<RunningSilo> StartAsync(SiloSettings settings, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        PrivateFiles.CreateDirectory(settings.Home);
        PrivateFiles.CreateDirectory(settings.DataDirectory);
        var opening = OpenStoreAsync(settings, clock, cancellationToken);
        var credentials = await LocalCredentials.LoadAsync(settings.Home, clock, cancellationToken);
        var inside = new InsideEndpoint(settings.Home);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        ConfigureLogging(builder.Logging, settings);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureForKubernetes();
            kestrel.Listen(IPAddress.Loopback, settings.Port, listener => listener.UseHttps(credentials.ServerCertificate));
            kestrel.ListenUnixSocket(inside.SocketPath, listener => listener.Protocols = HttpProtocols.Http1);
        });
        ConfigureOrleans(builder);
        if (!settings.StopsOnSignals)
        {
            builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        }

        // Opening the store makes the home ours: it refuses a second silo.
        var store = await opening;
        inside.RemoveStaleSocket();
        AddServices(builder.Services, settings, credentials, inside, clock, store);

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

        var address = new Uri(app.Urls.Single(url => url.StartsWith("https://", StringComparison.Ordinal)));
        await Kubeconfig.WriteAsync(settings.KubeconfigPath, address, credentials, cancellationToken);
        return new RunningSilo(app, address, settings.KubeconfigPath);
    }

    /// <summary>Off the caller's thread: opening works through the file while the rest is put together.</summary>
    private static Task<SqliteResourceStore> OpenStoreAsync(SiloSettings settings, TimeProvider clock, CancellationToken cancellationToken) => Task.Run(
        () => SqliteResourceStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(settings.DataDirectory, "store.db") }, clock, null, cancellationToken), cancellationToken);

    private static void AddServices(
        IServiceCollection services, SiloSettings settings, LocalCredentials credentials, InsideEndpoint inside, TimeProvider clock, SqliteResourceStore store)
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
            options.Tokens.Add(new AcceptedToken(credentials.Token, "kubernetes-admin", ["system:masters"]));
            options.Tokens.Add(new AcceptedToken(inside.Token, "system:kubeflow-orleans", ["system:masters"]));
        });
        services.AddLocalCluster(options =>
        {
            options.DataDirectory = settings.DataDirectory;
            options.CertificateAuthority = credentials.AuthorityPem;
            options.SimulatedNodes = settings.SimulatedNodes;
            options.StopPodsOnShutdown = settings.StopPodsOnShutdown;
        });

        services.AddBuiltInRuntimes();
        foreach (var kind in TrainingFamily.Kinds.Concat(TrainerFamily.Kinds))
        {
            services.AddSingleton(kind);
        }

        // Pods here bring a stand-in for kubectl exec, and images that could deliver the real one cannot be pulled.
        var training = new TrainingOptions { MPIKubectlDeliveryCommand = ["sh", "-c", "cp \"$(command -v pod-exec)\" \"$TARGET_DIR/kubectl\""] };
        IReadOnlyList<IStateMachine> machines = [.. TrainingFamily.StateMachines(training), .. TrainerFamily.StateMachines()];
        foreach (var machine in machines)
        {
            services.AddSingleton(machine);
        }

        foreach (var kind in machines.SelectMany(machine => machine.ChildKinds).Distinct())
        {
            services.AddSingleton(kind);
        }

        services.AddSingleton(new ClusterTransport(inside.Configuration(), ClusterRequestTimeout));
        services.AddSingleton<KubernetesCluster>();
        services.AddSingleton<ICluster>(provider => provider.GetRequiredService<KubernetesCluster>());
        services.AddHostedService(provider => provider.GetRequiredService<KubernetesCluster>());
        services.AddResourceGrains();
    }

    /// <summary>One silo, alone: no membership to share, no port to listen on.</summary>
    private static void ConfigureOrleans(WebApplicationBuilder builder)
    {
        builder.Host.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            silo.Configure<GrainCollectionOptions>(options => options.CollectionQuantum = TimeSpan.FromSeconds(30));
            // Every grain is here: there is nobody's address to remember.
            silo.Configure<GrainDirectoryOptions>(options => options.CachingStrategy = GrainDirectoryOptions.CachingStrategyType.None);
            silo.Configure<SiloMessagingOptions>(options => options.MaxEnqueuedRequestsHardLimit = 2000);
            ClosedTransport.Use(silo.Services);
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
