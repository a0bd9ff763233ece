using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>A service as far as names are concerned.</summary>
/// <param name="Address">The virtual address, or the one reserved for a headless service.</param>
internal sealed record NamedService(string Namespace, string Name, string Address, bool IsHeadless, bool PublishesUnready, IReadOnlyDictionary<string, string> Selector)
{
    public bool Selects(NamedPod pod) => Namespace == pod.Namespace && Selector.Count > 0
        && Selector.All(entry => pod.Labels.TryGetValue(entry.Key, out var value) && value == entry.Value);

    public static NamedService Read(Document service, string address)
    {
        var spec = service.Root.At("spec");
        return new NamedService(
            service.Metadata.Namespace, service.Metadata.Name, address, spec.Text("clusterIP") == "None", spec.Flag("publishNotReadyAddresses"), spec.Map("selector"));
    }
}

/// <summary>A pod as far as names are concerned.</summary>
internal sealed record NamedPod(string Namespace, string Name, string Hostname, string Subdomain, string Address, bool Ready, IReadOnlyDictionary<string, string> Labels);

/// <summary>Which names stand for which addresses: the one answer behind hosts files, name replacement and nslookup. Pure.</summary>
internal sealed record NameTable(IReadOnlyList<NamedService> Services, IReadOnlyList<NamedPod> Pods)
{
    private const string Domain = "svc.cluster.local";

    /// <summary>Address and names, as lines of a hosts file of the namespace.</summary>
    /// <param name="onlyReady">Only what a DNS of Kubernetes would answer now; else also names whose owner is still to come up.</param>
    public IEnumerable<(string Address, string Names)> Lines(string @namespace, bool onlyReady)
    {
        foreach (var service in Services)
        {
            var names = Names(service.Name, service.Namespace, @namespace);
            foreach (var address in AddressesOf(service, onlyReady))
            {
                yield return (address, names);
            }
        }

        foreach (var pod in Pods.Where(pod => !onlyReady || pod.Ready))
        {
            if (pod.Subdomain.Length > 0)
            {
                yield return (pod.Address, Names($"{pod.Hostname}.{pod.Subdomain}", pod.Namespace, @namespace));
            }

            if (pod.Namespace == @namespace && !onlyReady)
            {
                yield return (pod.Address, pod.Hostname);
            }
        }
    }

    /// <summary>The address to use for a service's name now: known even before anything is ready.</summary>
    public string? AddressOf(string @namespace, string name) =>
        Services.FirstOrDefault(service => service.Namespace == @namespace && service.Name == name) is { } service ? AddressesOf(service, onlyReady: false).First() : null;

    public IEnumerable<NamedPod> EndpointsOf(NamedService service) => Pods.Where(pod => service.Selects(pod) && (pod.Ready || service.PublishesUnready));

    private IEnumerable<string> AddressesOf(NamedService service, bool onlyReady)
    {
        var endpoints = EndpointsOf(service).Select(pod => pod.Address).ToList();
        if (service.IsHeadless && endpoints.Count > 0)
        {
            return endpoints;
        }

        return onlyReady && endpoints.Count == 0 ? [] : [service.Address];
    }

    private static string Names(string name, string own, string viewer)
    {
        var qualified = $"{name}.{own}.{Domain} {name}.{own}.svc {name}.{own}";
        return own == viewer ? $"{qualified} {name}" : qualified;
    }
}
