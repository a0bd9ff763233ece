using System.Text.Json;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>What one container of a pod must satisfy. Pure.</summary>
internal static class ContainerValidation
{
    public static IEnumerable<FieldError> Check(string field, JsonObject container, HashSet<string> volumes) =>
    [
        .. container.Text("image").Length == 0 ? [FieldError.Required(field + ".image")] : (FieldError[])[],
        .. Names.OneOf(field + ".imagePullPolicy", container.Text("imagePullPolicy"), "Always", "IfNotPresent", "Never"),
        .. Names.OneOf(field + ".terminationMessagePolicy", container.Text("terminationMessagePolicy"), "FallbackToLogsOnError", "File"),
        .. Ports(field, container),
        .. Environment(field, container),
        .. VolumeMounts(field, container, volumes),
        .. Resources(field + ".resources", container.Object("resources")),
        .. Probe(field + ".livenessProbe", container.Object("livenessProbe"), onceIsEnough: true),
        .. Probe(field + ".startupProbe", container.Object("startupProbe"), onceIsEnough: true),
        .. Probe(field + ".readinessProbe", container.Object("readinessProbe"), onceIsEnough: false),
    ];

    private static IEnumerable<FieldError> Ports(string field, JsonObject container)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, port) in container.Objects("ports").Index())
        {
            var at = $"{field}.ports[{index}]";
            var name = port.Text("name");
            foreach (var error in Names.Port(at + ".containerPort", port.Integer("containerPort"))
                .Concat(port.Integer("hostPort") is { } hostPort and not 0 ? Names.Port(at + ".hostPort", hostPort) : [])
                .Concat(Names.OneOf(at + ".protocol", port.Text("protocol"), "SCTP", "TCP", "UDP"))
                .Concat(name.Length == 0 ? [] : Names.PortName(at + ".name", name)))
            {
                yield return error;
            }

            if (name.Length > 0 && !seen.Add(name))
            {
                yield return FieldError.Duplicate(at + ".name", Names.Quote(name));
            }
        }
    }

    private static IEnumerable<FieldError> Environment(string field, JsonObject container)
    {
        foreach (var (index, variable) in container.Objects("env").Index())
        {
            var at = $"{field}.env[{index}]";
            var name = variable.Text("name");
            if (name.Length == 0)
            {
                yield return FieldError.Required(at + ".name");
            }
            else if (name.Any(character => character is < ' ' or > '~' or '='))
            {
                yield return FieldError.Invalid(at + ".name", Names.Quote(name), "a valid environment variable name must consist only of printable ASCII characters other than '='");
            }

            if (variable.Object("valueFrom") is not { } source)
            {
                continue;
            }

            if (variable.Text("value").Length > 0)
            {
                yield return FieldError.Invalid(at + ".valueFrom", "\"\"", "may not be specified when `value` is not empty");
            }
            else if (source.Count != 1)
            {
                yield return FieldError.Invalid(at + ".valueFrom", "\"\"", source.Count == 0
                    ? "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
                    : "may not have more than one field specified at a time");
            }
        }
    }

    private static IEnumerable<FieldError> VolumeMounts(string field, JsonObject container, HashSet<string> volumes)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, mount) in container.Objects("volumeMounts").Index())
        {
            var at = $"{field}.volumeMounts[{index}]";
            var name = mount.Text("name");
            var path = mount.Text("mountPath");
            if (name.Length == 0)
            {
                yield return FieldError.Required(at + ".name");
            }
            else if (!volumes.Contains(name))
            {
                yield return new FieldError("FieldValueNotFound", at + ".name", $"Not found: {Names.Quote(name)}");
            }

            if (path.Length == 0)
            {
                yield return FieldError.Required(at + ".mountPath");
            }
            else if (!paths.Add(path))
            {
                yield return FieldError.Invalid(at + ".mountPath", Names.Quote(path), "must be unique");
            }
        }
    }

    /// <summary>Requests stay below limits; extended resources such as GPUs cannot be overcommitted at all.</summary>
    private static IEnumerable<FieldError> Resources(string field, JsonObject? resources)
    {
        foreach (var (name, value) in resources?.Object("requests") ?? [])
        {
            if (Amount(value) is not { } request)
            {
                continue;
            }

            var extended = name.Contains('/', StringComparison.Ordinal) && !name.StartsWith("kubernetes.io/", StringComparison.Ordinal);
            var limit = Amount(resources?.Object("limits")?[name]);
            if (limit is null)
            {
                if (extended)
                {
                    yield return FieldError.Required(field + ".limits", "Limit must be set for non overcommitable resources");
                }
            }
            else if (extended && request != limit)
            {
                yield return FieldError.Invalid(field + ".requests", Names.Quote(value!.ToString()), $"must be equal to {name} limit of {resources!.Object("limits")![name]}");
            }
            else if (request > limit)
            {
                yield return FieldError.Invalid(field + ".requests", Names.Quote(value!.ToString()), $"must be less than or equal to {name} limit of {resources!.Object("limits")![name]}");
            }
        }
    }

    private static IEnumerable<FieldError> Probe(string field, JsonObject? probe, bool onceIsEnough)
    {
        if (probe is null)
        {
            yield break;
        }

        var handlers = ((string[])["exec", "httpGet", "tcpSocket", "grpc"]).Count(handler => probe[handler] is not null);
        if (handlers == 0)
        {
            yield return FieldError.Required(field, "must specify a handler type");
        }
        else if (handlers > 1)
        {
            yield return FieldError.Forbidden(field, "may not specify more than 1 handler type");
        }

        if (onceIsEnough && probe.Integer("successThreshold") is not (null or 0 or 1))
        {
            yield return FieldError.Invalid(field + ".successThreshold", Names.Number(probe.Integer("successThreshold")!.Value), "must be 1");
        }

        foreach (var name in (string[])["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
        {
            foreach (var error in Names.NotNegative($"{field}.{name}", probe.Integer(name)))
            {
                yield return error;
            }
        }
    }

    private static decimal? Amount(JsonNode? quantity) => quantity is null ? null : JsonSerializer.SerializeToElement(quantity).Quantity();
}
