using System.Text.Json;
using k8s;
using k8s.Models;
using Kubeflow.Orleans.Core.Errors;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>The rules all training jobs share beyond the schema.</summary>
internal static class TrainingValidation
{
    private const string RunPolicyPath = "spec.runPolicy";
    private const int LongestServiceName = 63;

    private static readonly string[] LimitFields = ["ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit"];

    public static IEnumerable<FieldError> Validate(TrainingKind kind, JsonElement spec)
    {
        var path = $"spec.{kind.ReplicaSpecsField}";
        var replicaSpecs = spec.Get(kind.ReplicaSpecsField);
        return
        [
            .. replicaSpecs.IsPresent() ? replicaSpecs.Members().SelectMany(member => ValidateReplica(kind, $"{path}[{member.Name}]", member.Value)) : [FieldError.Required(path, "must be required")],
            .. ValidateRunPolicy(kind, spec.Get("runPolicy")),
        ];
    }

    public static IEnumerable<FieldError> ValidateUpdate(TrainingKind kind, JsonElement spec, JsonElement old)
    {
        var (manager, oldManager) = (spec.Get("runPolicy", "managedBy"), old.Get("runPolicy", "managedBy"));
        if (kind.RestrictsManagers && !Same(manager, oldManager))
        {
            yield return FieldError.Invalid($"{RunPolicyPath}.managedBy", Json(manager), "field is immutable");
        }

        var (queue, oldQueue) = (spec.Get("runPolicy", "schedulingPolicy", "queue"), old.Get("runPolicy", "schedulingPolicy", "queue"));
        if (queue.IsPresent() && oldQueue.IsPresent() && !Same(queue, oldQueue))
        {
            yield return FieldError.Invalid($"{RunPolicyPath}.schedulingPolicy.queue", Json(queue), "spec.runPolicy.schedulingPolicy.queue is immutable");
        }
    }

    public static IEnumerable<string> Warnings(TrainingJob job) => job.Replicas
        .Where(replica => job.Kind.HasServices && replica.Replicas > 0 && job.ReplicaName(replica.Role, replica.Replicas - 1).Length > LongestServiceName)
        .Select(replica => $"metadata.name: too long for the services of role {replica.Role}: {job.ReplicaName(replica.Role, replica.Replicas - 1)} has more than {LongestServiceName} characters");

    /// <summary>The roles a kind accepts, where it does not take any.</summary>
    public static IEnumerable<FieldError> KnownRolesOnly(TrainingKind kind, JsonElement spec) => spec.Get(kind.ReplicaSpecsField).Members()
        .Where(member => !kind.Roles.Contains(member.Name))
        .Select(member => FieldError.NotSupported($"spec.{kind.ReplicaSpecsField}[{member.Name}]", JsonSerializer.Serialize(member.Name), kind.Roles));

    /// <summary>Where there is a master, it is one, and its number is written down.</summary>
    public static IEnumerable<FieldError> OneMaster(TrainingKind kind, JsonElement spec) =>
        spec.Get(kind.ReplicaSpecsField, TrainingKind.Master) is var master && master.IsPresent() && master.Integer("replicas") != 1
            ? [FieldError.Forbidden($"spec.{kind.ReplicaSpecsField}[{TrainingKind.Master}].replicas", "must be 1")]
            : [];

    /// <summary>A value as JSON for an error's text.</summary>
    public static string Json(JsonElement value) => value.IsPresent() ? value.GetRawText() : "null";

    /// <summary>Why Kubernetes' objects cannot be made from the value (a quantity that is none, a text where a list belongs); null when they can.</summary>
    public static string? Unreadable<T>(JsonElement value)
    {
        try
        {
            _ = value.IsPresent() ? KubernetesJson.Deserialize<T>(value.GetRawText()) : default;
            return null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return exception.Message;
        }
    }

    private static IEnumerable<FieldError> ValidateReplica(TrainingKind kind, string path, JsonElement replica)
    {
        if (replica.Integer("replicas") is { } replicas and (< 0 or > ReplicaSpec.MaximumReplicas))
        {
            yield return FieldError.Invalid($"{path}.replicas", $"{replicas}", $"must be between 0 and {ReplicaSpec.MaximumReplicas}");
        }

        var containersPath = $"{path}.template.spec.containers";
        var containers = replica.Get("template", "spec").Items("containers").ToList();
        if (containers.Count == 0)
        {
            yield return FieldError.Required(containersPath, "must be specified");
        }

        foreach (var index in Enumerable.Range(0, containers.Count).Where(index => containers[index].Text("image") is not { Length: > 0 }))
        {
            yield return FieldError.Required($"{containersPath}[{index}].image", "must be required");
        }

        if (kind.ContainerName.Length > 0 && containers.All(container => container.Text("name") != kind.ContainerName))
        {
            yield return FieldError.Required(containersPath, $"must have at least one container with name {kind.ContainerName}");
        }

        if (Unreadable<V1PodTemplateSpec>(replica.Get("template")) is { } reason)
        {
            yield return FieldError.Invalid($"{path}.template", "\"...\"", $"is no pod template: {reason}");
        }
    }

    private static IEnumerable<FieldError> ValidateRunPolicy(TrainingKind kind, JsonElement runPolicy)
    {
        if (kind.RestrictsManagers && runPolicy.Get("managedBy") is { ValueKind: JsonValueKind.String } manager && manager.GetString() != kind.Manager && manager.GetString() != RunPolicy.MultiKueue)
        {
            yield return FieldError.NotSupported($"{RunPolicyPath}.managedBy", Json(manager), [RunPolicy.MultiKueue, kind.Manager]);
        }

        foreach (var name in LimitFields.Where(name => runPolicy.Integer(name) < 0))
        {
            yield return FieldError.Invalid($"{RunPolicyPath}.{name}", Json(runPolicy.Get(name)), "must be greater than or equal to 0");
        }
    }

    private static bool Same(JsonElement left, JsonElement right) => Json(left) == Json(right);
}
