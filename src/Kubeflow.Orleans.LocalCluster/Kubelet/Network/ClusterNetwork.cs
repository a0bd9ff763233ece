using System.Threading.Channels;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;
using Microsoft.Extensions.Logging;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>How local pods find each other.</summary>
public enum NetworkMode
{
    /// <summary>The best this host allows.</summary>
    Detect,

    /// <summary>Pods have a hosts file and mount namespace of their own; names and mount paths are exact.</summary>
    HostsFile,

    /// <summary>Names and mount paths are replaced in what processes are started with.</summary>
    Replacement,
}

/// <summary>The network of one embedded cluster.</summary>
public sealed record ClusterNetworkOptions
{
    /// <summary>Holds the address book and the hosts files.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Anything but <see cref="NetworkMode.Detect"/> forces a mode.</summary>
    public NetworkMode Mode { get; init; }
}

/// <summary>
/// Names and addresses of one embedded cluster, shared by its nodes: every service and pod has a loopback address of its own,
/// reserved by name; hosts files and virtual addresses follow the services and pods as they change.
/// </summary>
public sealed partial class ClusterNetwork : IAsyncDisposable
{
    private static readonly TimeSpan PublishInterval = TimeSpan.FromMilliseconds(20);

    private readonly ClusterNetworkOptions options;
    private readonly IKubeletApi api;
    private readonly ILogger<ClusterNetwork> logger;
    private readonly AddressBook addresses;
    private readonly HostsFiles hosts;
    private readonly ServiceProxy proxy;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Document> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> assigned = new(StringComparer.Ordinal);
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private Task following = Task.CompletedTask;

    public ClusterNetwork(ClusterNetworkOptions options, IKubeletApi api, ILogger<ClusterNetwork> logger)
    {
        this.options = options;
        this.api = api;
        this.logger = logger;
        KubeletDirectory.CreatePrivate(options.DataDirectory);
        addresses = new AddressBook(Path.Combine(options.DataDirectory, "addresses"));
        hosts = new HostsFiles(Path.GetFullPath(Path.Combine(options.DataDirectory, "namespaces")));
        proxy = new ServiceProxy(logger);
    }

    /// <summary>The mode in force; known once started. Nodes report it as annotation <c>kubeflow-orleans.dev/network-mode</c>.</summary>
    public NetworkMode Mode => Isolation == Isolation.None ? NetworkMode.Replacement : NetworkMode.HostsFile;

    internal Isolation Isolation { get; private set; } = Isolation.None;

    /// <summary>
    /// The address reserved for a service: what to allocate as its clusterIP, so that programs that read it from the API reach it.
    /// </summary>
    public string ReserveServiceAddress(string @namespace, string name) => addresses.Reserve(@namespace, name);

    /// <exception cref="InvalidOperationException">The forced mode is not possible on this host.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Isolation = options.Mode == NetworkMode.Replacement ? Isolation.None : await ProcessRuntime.DetectAsync(cancellationToken);
        if (options.Mode == NetworkMode.HostsFile && Isolation == Isolation.None)
        {
            throw new InvalidOperationException("This host does not allow mount namespaces, which network mode HostsFile needs.");
        }

        LogMode(logger, Mode, Isolation);
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        following = Task.WhenAll(FollowServicesAsync(synced, stopping.Token), FollowPodsAsync(stopping.Token), PublishAsync(stopping.Token));
        await Task.WhenAny(synced.Task, following).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        proxy.Dispose();
        addresses.Dispose();
        stopping.Dispose();
    }

    /// <summary>The address a service answers on.</summary>
    internal string AddressOf(Document service)
    {
        var clusterAddress = service.Root.At("spec").Text("clusterIP");
        return AddressBook.Contains(clusterAddress) ? clusterAddress : addresses.Reserve(service.Metadata.Namespace, service.Metadata.Name);
    }

    /// <summary>
    /// The pod's address, known by name before the pod starts: that of its own host name, or of the one headless service that selects
    /// it, so that whoever was told the service's address reaches the pod.
    /// </summary>
    internal string Assign(Pod pod, string earlier)
    {
        lock (gate)
        {
            var used = assigned.Where(entry => entry.Key != pod.Uid).Select(entry => entry.Value).ToHashSet(StringComparer.Ordinal);
            var address = Candidates(pod, earlier).First(candidate => !used.Contains(candidate));
            assigned[pod.Uid] = address;
            pods[pod.Uid] = pod;
            Publish();
            return address;
        }
    }

    internal void Release(Pod pod)
    {
        lock (gate)
        {
            assigned.Remove(pod.Uid);
            pods.Remove(pod.Uid);
            addresses.Release(pod.Namespace, pod.Uid);
            hosts.Forget(pod.Namespace, pod.Name);
            if (!services.ContainsKey($"{pod.Namespace}/{pod.Hostname}") && pods.Values.All(other => other.Namespace != pod.Namespace || other.Hostname != pod.Hostname))
            {
                addresses.Release(pod.Namespace, pod.Hostname);
            }
        }

        changes.Writer.TryWrite(true);
    }

    /// <summary>Lets tools in the pod's peers find its containers.</summary>
    internal void Place(Pod pod, string directory) => hosts.Place(pod.Namespace, pod.Name, pod.Containers[0].Name, directory);

    internal string HostsFile(string @namespace) => hosts.Hosts(@namespace);

    internal string ToolsDirectory(string @namespace) => hosts.Tools(@namespace);

    /// <summary>Replaces host names of this cluster by their addresses.</summary>
    internal string ReplaceNames(string text, string @namespace, bool wholeValueMayBeName)
    {
        NameTable names;
        lock (gate)
        {
            names = Names();
        }

        return NameReplacement.Replace(text, @namespace, wholeValueMayBeName, (space, name) => Known(names, space, name), (space, name) => Known(names, space, name) ?? Promised(space, name));
    }

    private IEnumerable<string> Candidates(Pod pod, string earlier)
    {
        if (earlier.Length > 0)
        {
            yield return earlier;
        }

        var named = Named(pod, "");
        var headless = services.Values.Where(service => service.Root.At("spec").Text("clusterIP") == "None" && NamedService.Read(service, "").Selects(named)).ToList();
        if (pod.Subdomain.Length == 0 && headless is [var only])
        {
            yield return AddressOf(only);
        }

        yield return addresses.Reserve(pod.Namespace, pod.Hostname);
        yield return addresses.Reserve(pod.Namespace, pod.Uid);
    }

    private static string? Known(NameTable names, string @namespace, string name) => names.AddressOf(@namespace, name) ?? names.Pods
        .FirstOrDefault(pod => pod.Namespace == @namespace && (pod.Subdomain.Length > 0 ? $"{pod.Hostname}.{pod.Subdomain}" == name : pod.Hostname == name))?.Address;

    /// <summary>A name that must be a host's although nobody has it yet: it gets the address it will have.</summary>
    private string Promised(string @namespace, string name) => addresses.Reserve(@namespace, name.Split('.')[0]);

    private async Task FollowServicesAsync(TaskCompletionSource synced, CancellationToken cancellationToken)
    {
        await foreach (var change in api.WatchAsync("services", cancellationToken))
        {
            Apply(services, change, document => $"{document.Metadata.Namespace}/{document.Metadata.Name}", document => document);
            synced.TrySetResult();
        }
    }

    private async Task FollowPodsAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in api.WatchAsync("pods", cancellationToken))
        {
            if (OfThisHost(change) is { } here)
            {
                Apply(pods, here, document => document.Metadata.Uid, Pod.Read);
            }
        }
    }

    /// <summary>Pods of simulated nodes have no process behind their address: they are no part of this network. Null: nothing is left.</summary>
    private ObjectChange? OfThisHost(ObjectChange change)
    {
        switch (change)
        {
            case ObjectChange.Listed listed:
                return new ObjectChange.Listed([.. listed.Objects.Where(IsHere)]);
            case ObjectChange.Changed changed:
                return IsHere(changed.Object) ? change : null;
            default:
                return change;
        }
    }

    private bool IsHere(Document pod)
    {
        lock (gate)
        {
            return assigned.ContainsKey(pod.Metadata.Uid) || AddressBook.Contains(pod.Root.At("status").Text("podIP"));
        }
    }

    private void Apply<T>(Dictionary<string, T> known, ObjectChange change, Func<Document, string> key, Func<Document, T> read)
    {
        lock (gate)
        {
            switch (change)
            {
                case ObjectChange.Listed listed:
                    known.Clear();
                    foreach (var document in listed.Objects)
                    {
                        known[key(document)] = read(document);
                    }

                    break;
                case ObjectChange.Changed changed:
                    known[key(changed.Object)] = read(changed.Object);
                    break;
                case ObjectChange.Removed removed:
                    known.Remove(key(removed.Last));
                    break;
            }
        }

        changes.Writer.TryWrite(true);
    }

    /// <summary>Publishes once for all changes that come within a moment.</summary>
    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        while (await changes.Reader.ReadAsync(cancellationToken))
        {
            lock (gate)
            {
                Publish();
            }

            await Task.Delay(PublishInterval, cancellationToken);
        }
    }

    /// <summary>Brings files and open ports up to date with what is known.</summary>
    private void Publish()
    {
        var names = Names();
        foreach (var @namespace in pods.Values.Select(pod => pod.Namespace).Distinct(StringComparer.Ordinal))
        {
            hosts.Write(@namespace, names);
        }

        proxy.Update([.. services.Values.Where(service => service.Root.At("spec").Text("clusterIP") != "None").SelectMany(service => Ports(service, names))]);
    }

    private NameTable Names() => new(
        [.. services.Values.Select(service => NamedService.Read(service, AddressOf(service))).OrderBy(service => service.Name, StringComparer.Ordinal)],
        [.. pods.Values.Where(pod => !pod.IsTerminal).Select(pod => Named(pod, assigned.GetValueOrDefault(pod.Uid, pod.Status.Text("podIP")))).Where(pod => pod.Address.Length > 0).OrderBy(pod => pod.Name, StringComparer.Ordinal)]);

    private static NamedPod Named(Pod pod, string address) => new(
        pod.Namespace, pod.Name, pod.Hostname, pod.Subdomain, address, pod.Status.Items("conditions").Any(item => item.Text("type") == "Ready" && item.Text("status") == "True"), pod.Labels);

    private IEnumerable<ProxiedPort> Ports(Document service, NameTable names)
    {
        var named = NamedService.Read(service, AddressOf(service));
        var endpoints = names.EndpointsOf(named).ToList();
        foreach (var port in service.Root.At("spec").Items("ports").Where(port => port.TextOr("protocol", "TCP") == "TCP" && port.Integer("port") is not null))
        {
            var target = port.TextOr("targetPort", port.Scalar("port"));
            var resolved = endpoints.Select(endpoint => (endpoint.Address, Port: ResolvePort(endpoint, target))).Where(endpoint => endpoint.Port is not null);
            yield return new ProxiedPort($"{named.Namespace}/{named.Name}", named.Address, (int)port.Integer("port")!.Value, [.. resolved.Select(endpoint => (endpoint.Address, endpoint.Port!.Value))]);
        }
    }

    private int? ResolvePort(NamedPod endpoint, string port) => pods.Values
        .FirstOrDefault(pod => pod.Namespace == endpoint.Namespace && pod.Name == endpoint.Name)?.LastingContainers
        .Select(container => container.ResolvePort(port)).FirstOrDefault(number => number is not null);

    [LoggerMessage(Level = LogLevel.Information, Message = "Network mode {Mode} (isolation {Isolation})")]
    private static partial void LogMode(ILogger logger, NetworkMode mode, Isolation isolation);
}
