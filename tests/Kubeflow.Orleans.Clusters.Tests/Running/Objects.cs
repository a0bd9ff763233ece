using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>Reading what an API server answers.</summary>
internal static class Objects
{
    public static string Name(this JsonObject item) => (string)item["metadata"]!["name"]!;

    public static string Uid(this JsonObject item) => (string)item["metadata"]!["uid"]!;

    public static string? Annotation(this JsonObject item, string name) => (string?)item["metadata"]!["annotations"]?[name];

    public static bool IsTerminating(this JsonObject item) => item["metadata"]!["deletionTimestamp"] is not null;

    public static string Phase(this JsonObject pod) => (string?)pod["status"]?["phase"] ?? "";

    public static JsonObject? Condition(this JsonObject job, string type) =>
        job["status"]?["conditions"]?.AsArray().Select(item => item!.AsObject()).FirstOrDefault(item => (string?)item["type"] == type);

    public static bool IsTrue(this JsonObject job, string condition) => (string?)job.Condition(condition)?["status"] == "True";
}
