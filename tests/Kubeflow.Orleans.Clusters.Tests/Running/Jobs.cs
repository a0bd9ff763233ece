using System.Globalization;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.Core;

namespace Kubeflow.Orleans.Clusters.Tests.Running;

/// <summary>The jobs of the tests. They end the same way on simulated nodes, under our kubelet and as real containers.</summary>
internal static class Jobs
{
    public const string Duration = WellKnown.Domain + "/simulated-duration";
    public const string ExitCode = WellKnown.Domain + "/simulated-exit-code";

    /// <summary>Longer than any test.</summary>
    public const int Forever = 3600;

    private static string Image => Environment.GetEnvironmentVariable("KFO_TEST_IMAGE") ?? "busybox:1.36";

    public static JsonObject TFJob(TargetCluster cluster, string name, int workers = 2, double seconds = 1, int exitCode = 0, string cleanPodPolicy = "None")
    {
        var pod = new JsonObject
        {
            ["terminationGracePeriodSeconds"] = 1,
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "tensorflow",
                ["image"] = Image,
                ["command"] = new JsonArray("sh", "-c", string.Create(CultureInfo.InvariantCulture, $"sleep {seconds}; exit {exitCode}")),
            }),
        };
        if (cluster.IsEmbedded)
        {
            pod["nodeSelector"] = new JsonObject { ["type"] = "kwok" };
            pod["tolerations"] = new JsonArray(new JsonObject { ["key"] = "kwok.x-k8s.io/node", ["operator"] = "Exists" });
        }

        var annotations = new JsonObject
        {
            [Duration] = string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
            [ExitCode] = exitCode.ToString(CultureInfo.InvariantCulture),
        };
        return new JsonObject
        {
            ["apiVersion"] = "kubeflow.org/v1",
            ["kind"] = "TFJob",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["runPolicy"] = new JsonObject { ["cleanPodPolicy"] = cleanPodPolicy },
                ["successPolicy"] = "AllWorkers",
                ["tfReplicaSpecs"] = new JsonObject
                {
                    ["Worker"] = new JsonObject
                    {
                        ["replicas"] = workers,
                        ["restartPolicy"] = "Never",
                        ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations }, ["spec"] = pod },
                    },
                },
            },
        };
    }

    public static JsonObject InCluster(this JsonObject job, string cluster)
    {
        job["metadata"]!["annotations"] = new JsonObject { [WellKnown.ClusterAnnotation] = cluster };
        return job;
    }
}
