using System.Globalization;
using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Resilience.Tests.Running;

/// <summary>Reading what the API answers.</summary>
internal static class Objects
{
    public static string Name(this JsonObject item) => (string)item["metadata"]!["name"]!;

    public static string Uid(this JsonObject item) => (string)item["metadata"]!["uid"]!;

    public static long Version(this JsonObject item) => long.Parse((string)item["metadata"]!["resourceVersion"]!, CultureInfo.InvariantCulture);

    public static string? Phase(this JsonObject pod) => (string?)pod["status"]?["phase"];

    public static bool IsTrue(this JsonObject job, string condition) =>
        job["status"]?["conditions"]?.AsArray().Any(item => (string?)item!["type"] == condition && (string?)item["status"] == "True") == true;

    public static int Count(this JsonObject job, string role, string state) => (int?)job["status"]?["replicaStatuses"]?[role]?[state] ?? 0;
}
