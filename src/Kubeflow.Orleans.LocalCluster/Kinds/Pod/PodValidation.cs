using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core.Errors;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>What a new pod must satisfy. Pure.</summary>
internal static class PodValidation
{
    public static IEnumerable<FieldError> Check(JsonObject pod)
    {
        if (pod.Object("spec") is not { } spec)
        {
            return [FieldError.Required("spec")];
        }

        var volumes = spec.Objects("volumes").Select(volume => volume.Text("name")).ToHashSet(StringComparer.Ordinal);
        return [.. Volumes(spec), .. Containers(spec, volumes), .. PodFields(spec), .. Tolerations(spec)];
    }

    private static IEnumerable<FieldError> Volumes(JsonObject spec)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, volume) in spec.Objects("volumes").Index())
        {
            var field = $"spec.volumes[{index}].name";
            foreach (var error in RequiredLabel(field, volume.Text("name"), seen))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Containers(JsonObject spec, HashSet<string> volumes)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (!spec.Objects("containers").Any())
        {
            yield return FieldError.Required("spec.containers");
        }

        foreach (var list in (string[])["containers", "initContainers"])
        {
            foreach (var (index, container) in spec.Objects(list).Index())
            {
                var field = $"spec.{list}[{index}]";
                foreach (var error in RequiredLabel(field + ".name", container.Text("name"), seen).Concat(ContainerValidation.Check(field, container, volumes)))
                {
                    yield return error;
                }

                foreach (var error in list == "initContainers" ? InitContainer(field, container) : [])
                {
                    yield return error;
                }
            }
        }
    }

    private static IEnumerable<FieldError> InitContainer(string field, JsonObject container)
    {
        foreach (var error in Names.OneOf(field + ".restartPolicy", container.Text("restartPolicy"), "Always"))
        {
            yield return error;
        }

        if (container.Text("restartPolicy") == "Always")
        {
            yield break;
        }

        foreach (var forbidden in (string[])["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[forbidden] is not null)
            {
                yield return FieldError.Forbidden($"{field}.{forbidden}", "may not be set for init containers without restartPolicy=Always");
            }
        }
    }

    private static IEnumerable<FieldError> PodFields(JsonObject spec) =>
    [
        .. Names.OneOf("spec.restartPolicy", spec.Text("restartPolicy"), "Always", "Never", "OnFailure"),
        .. Names.OneOf("spec.dnsPolicy", spec.Text("dnsPolicy"), "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        .. Names.NotNegative("spec.terminationGracePeriodSeconds", spec.Integer("terminationGracePeriodSeconds")),
        .. ActiveDeadline(spec.Integer("activeDeadlineSeconds")),
        .. OptionalLabel("spec.hostname", spec.Text("hostname")),
        .. OptionalLabel("spec.subdomain", spec.Text("subdomain")),
    ];

    private static IEnumerable<FieldError> ActiveDeadline(long? seconds) => seconds is null or (>= 1 and <= int.MaxValue)
        ? []
        : [FieldError.Invalid("spec.activeDeadlineSeconds", Names.Number(seconds.Value), "must be between 1 and 2147483647, inclusive")];

    private static IEnumerable<FieldError> OptionalLabel(string field, string value) => value.Length == 0 ? [] : Names.DnsLabel(field, value);

    private static IEnumerable<FieldError> Tolerations(JsonObject spec)
    {
        foreach (var (index, toleration) in spec.Objects("tolerations").Index())
        {
            var field = $"spec.tolerations[{index}]";
            var exists = toleration.Text("operator") == "Exists";
            if (toleration.Text("key").Length == 0 && !exists)
            {
                yield return FieldError.Invalid(field + ".operator", Names.Quote(toleration.Text("operator")), "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }

            if (exists && toleration.Text("value").Length > 0)
            {
                yield return FieldError.Invalid(field + ".operator", Names.Quote(toleration.Text("value")), "value must be empty when `operator` is 'Exists'");
            }

            if (toleration["tolerationSeconds"] is not null && toleration.Text("effect") != "NoExecute")
            {
                yield return FieldError.Invalid(field + ".effect", Names.Quote(toleration.Text("effect")), "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }

            foreach (var error in Names.OneOf(field + ".operator", toleration.Text("operator"), "Equal", "Exists")
                .Concat(Names.OneOf(field + ".effect", toleration.Text("effect"), "NoSchedule", "PreferNoSchedule", "NoExecute")))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> RequiredLabel(string field, string value, HashSet<string> seen)
    {
        if (value.Length == 0)
        {
            return [FieldError.Required(field)];
        }

        var errors = Names.DnsLabel(field, value).ToList();
        return seen.Add(value) ? errors : [.. errors, FieldError.Duplicate(field, Names.Quote(value))];
    }
}
