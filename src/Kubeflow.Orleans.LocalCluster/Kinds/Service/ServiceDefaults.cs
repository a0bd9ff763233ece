using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The fields the API server fills into a service.</summary>
internal static class ServiceDefaults
{
    public static void Apply(JsonObject service, IServiceAddresses addresses)
    {
        var spec = service.Child("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        foreach (var port in spec.Objects("ports"))
        {
            port.Default("protocol", "TCP");
            if (port["port"] is { } number)
            {
                port.Default("targetPort", number.DeepClone());
            }
        }

        if (spec.Text("type") != "ExternalName")
        {
            ApplyAddress(service, spec, addresses);
        }

        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            spec.Default("externalTrafficPolicy", "Cluster");
        }

        service.Child("status").Default("loadBalancer", new JsonObject());
    }

    /// <summary>A replacement that does not name the address keeps it: a service's name always has the same one.</summary>
    private static void ApplyAddress(JsonObject service, JsonObject spec, IServiceAddresses addresses)
    {
        var metadata = service.Object("metadata");
        if (spec.Text("clusterIP").Length == 0 && metadata.Text("name") is { Length: > 0 } name)
        {
            spec["clusterIP"] = addresses.AddressOf(metadata.Text("namespace"), name);
        }

        if (spec.Text("clusterIP") is { Length: > 0 } address)
        {
            spec["clusterIPs"] = new JsonArray(address);
        }

        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
        spec.Default("internalTrafficPolicy", "Cluster");
    }
}
