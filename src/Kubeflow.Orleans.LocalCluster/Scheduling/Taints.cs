using System.Text.Json;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Scheduling;

/// <summary>What keeps pods off a node.</summary>
internal sealed record Taint(string Key, string Value, string Effect)
{
    /// <summary>PreferNoSchedule only advises.</summary>
    public bool Forbids => Effect is "NoSchedule" or "NoExecute";

    public static Taint Read(JsonElement taint) => new(taint.Text("key"), taint.Text("value"), taint.Text("effect"));
}

/// <summary>What lets a pod onto a tainted node all the same.</summary>
internal sealed record Toleration(string Key, string Operator, string Value, string Effect)
{
    public static Toleration Read(JsonElement toleration) =>
        new(toleration.Text("key"), toleration.Text("operator"), toleration.Text("value"), toleration.Text("effect"));

    public bool Tolerates(Taint taint) =>
        (Effect.Length == 0 || Effect == taint.Effect) && (Key.Length == 0 || Key == taint.Key) && (Operator == "Exists" || Value == taint.Value);
}
