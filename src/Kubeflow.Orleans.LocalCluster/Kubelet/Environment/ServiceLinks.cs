using System.Globalization;
using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>The variables that tell a container of the services that existed before it: <c>WEB_SERVICE_HOST</c>, <c>WEB_PORT_80_TCP</c> ...</summary>
internal static class ServiceLinks
{
    public static IEnumerable<KeyValuePair<string, string>> Of(Document service, string address)
    {
        var name = service.Metadata.Name.ToUpperInvariant().Replace('-', '_');
        var ports = service.Root.At("spec").Items("ports").ToList();
        if (ports.Count == 0)
        {
            yield break;
        }

        yield return new($"{name}_SERVICE_HOST", address);
        yield return new($"{name}_SERVICE_PORT", ports[0].Scalar("port"));
        foreach (var port in ports.Where(port => port.Text("name").Length > 0))
        {
            yield return new($"{name}_SERVICE_PORT_{port.Text("name").ToUpperInvariant().Replace('-', '_')}", port.Scalar("port"));
        }

        yield return new($"{name}_PORT", Url(ports[0], address));
        foreach (var link in ports.SelectMany(port => OfPort(name, port, address)))
        {
            yield return link;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> OfPort(string name, JsonElement port, string address)
    {
        var protocol = port.TextOr("protocol", "TCP");
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{name}_PORT_{port.Scalar("port")}_{protocol}");
        yield return new(prefix, Url(port, address));
        yield return new($"{prefix}_PROTO", protocol.ToLowerInvariant());
        yield return new($"{prefix}_PORT", port.Scalar("port"));
        yield return new($"{prefix}_ADDR", address);
    }

    private static string Url(JsonElement port, string address) => $"{port.TextOr("protocol", "TCP").ToLowerInvariant()}://{address}:{port.Scalar("port")}";
}
