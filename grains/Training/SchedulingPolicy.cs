using System.Text.Json;
using k8s;
using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training;

/// <summary>A typed view over <c>spec.runPolicy.schedulingPolicy</c>.</summary>
internal sealed class SchedulingPolicy(JsonElement element)
{
    /// <summary>Null: all replicas.</summary>
    public long? MinAvailable => element.Integer("minAvailable");

    /// <summary>Null: what so many replicas request.</summary>
    public IDictionary<string, ResourceQuantity>? MinResources =>
        element.Get("minResources") is var resources && resources.IsPresent() ? KubernetesJson.Deserialize<Dictionary<string, ResourceQuantity>>(resources.GetRawText()) : null;

    public string? Queue => element.Text("queue") is { Length: > 0 } queue ? queue : null;

    public string? PriorityClass => element.Text("priorityClass") is { Length: > 0 } priorityClass ? priorityClass : null;

    public int? ScheduleTimeoutSeconds => (int?)element.Integer("scheduleTimeoutSeconds");
}
