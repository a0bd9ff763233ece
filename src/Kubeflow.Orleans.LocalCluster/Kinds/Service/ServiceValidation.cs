using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>What a service must satisfy. Pure.</summary>
internal static class ServiceValidation
{
    private const string PortNeeded = "spec.ports";

    public static IEnumerable<FieldError> Check(JsonObject service, JsonObject? old)
    {
        if (service.Object("spec") is not { } spec)
        {
            return [FieldError.Required("spec")];
        }

        return
        [
            .. Names.OneOf("spec.type", spec.Text("type"), "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
            .. Names.OneOf("spec.sessionAffinity", spec.Text("sessionAffinity"), "ClientIP", "None"),
            .. Type(spec), .. Ports(spec), .. Address(spec, old?.Object("spec")),
        ];
    }

    private static IEnumerable<FieldError> Type(JsonObject spec)
    {
        if (spec.Text("type") == "ExternalName")
        {
            if (spec.Text("externalName").Length == 0)
            {
                yield return FieldError.Required("spec.externalName");
            }
        }
        else if (!spec.Objects("ports").Any() && spec.Text("clusterIP") != "None")
        {
            yield return FieldError.Required(PortNeeded);
        }

        if (spec.Text("clusterIP") == "None" && spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            yield return FieldError.Invalid("spec.clusterIPs[0]", "\"None\"", $"may not be set to 'None' for {spec.Text("type")} services");
        }
    }

    private static IEnumerable<FieldError> Ports(JsonObject spec)
    {
        var ports = spec.Objects("ports").ToList();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(long?, string)>();
        foreach (var (index, port) in ports.Index())
        {
            var field = $"spec.ports[{index}]";
            var name = port.Text("name");
            foreach (var error in Names.Port(field + ".port", port.Integer("port"))
                .Concat(Names.OneOf(field + ".protocol", port.Text("protocol"), "SCTP", "TCP", "UDP"))
                .Concat(PortName(field + ".name", name, ports.Count, names))
                .Concat(TargetPort(field + ".targetPort", port)))
            {
                yield return error;
            }

            if (!numbers.Add((port.Integer("port"), port.Text("protocol"))))
            {
                yield return FieldError.Duplicate(field, $"{{\"port\":{port.Integer("port")},\"protocol\":\"{port.Text("protocol")}\"}}");
            }
        }
    }

    private static IEnumerable<FieldError> PortName(string field, string name, int count, HashSet<string> names)
    {
        if (name.Length == 0)
        {
            return count > 1 ? [FieldError.Required(field)] : [];
        }

        var errors = Names.DnsLabel(field, name);
        return names.Add(name) ? errors : errors.Append(FieldError.Duplicate(field, Names.Quote(name)));
    }

    private static IEnumerable<FieldError> TargetPort(string field, JsonObject port)
    {
        if (port["targetPort"] is not JsonValue value)
        {
            return [];
        }

        return value.TryGetValue<string>(out var name) ? (name.Length > 0 ? Names.PortName(field, name) : []) : Names.Port(field, port.Integer("targetPort"));
    }

    private static IEnumerable<FieldError> Address(JsonObject spec, JsonObject? old)
    {
        var changed = old is not null && old.Text("type") != "ExternalName" && spec.Text("type") != "ExternalName" && spec.Text("clusterIP") != old.Text("clusterIP");
        return changed ? [FieldError.Invalid("spec.clusterIPs[0]", $"[\"{spec.Text("clusterIP")}\"]", "may not change once set")] : [];
    }
}
