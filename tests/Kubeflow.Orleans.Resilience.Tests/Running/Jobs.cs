using System.Text.Json.Nodes;

namespace Kubeflow.Orleans.Resilience.Tests.Running;

/// <summary>One role of a job; its script runs in every replica.</summary>
/// <param name="Script">For sh; POD_NAME and POD_UID are set, the working directory is where traces are left.</param>
internal sealed record Role(string Name, int Replicas, string RestartPolicy, string Script)
{
    public string? InitScript { get; init; }

    public int GracePeriodSeconds { get; init; } = 10;
}

/// <summary>The jobs the tests submit. Every start of a container leaves a line in a file named after pod and container.</summary>
internal static class Jobs
{
    public const string TFJobs = "apis/kubeflow.org/v1/namespaces/default/tfjobs";
    public const string PyTorchJobs = "apis/kubeflow.org/v1/namespaces/default/pytorchjobs";
    public const string Pods = "api/v1/namespaces/default/pods";
    public const string Services = "api/v1/namespaces/default/services";
    public const string Events = "api/v1/namespaces/default/events";

    public static JsonObject TFJob(KillableSilo silo, string name, Role[] roles, JsonObject? runPolicy = null)
    {
        var job = Job("TFJob", "tfReplicaSpecs", name, runPolicy, roles.Select(role => (role.Name, ReplicaSpec(silo, role, "tensorflow"))));
        job["spec"]!["successPolicy"] = "AllWorkers";
        return job;
    }

    public static JsonObject PyTorchJob(KillableSilo silo, string name, Role[] roles, JsonObject? runPolicy = null) =>
        Job("PyTorchJob", "pytorchReplicaSpecs", name, runPolicy, roles.Select(role => (role.Name, ReplicaSpec(silo, role, "pytorch"))));

    /// <summary>Two workers on simulated nodes: they run no process and succeed after a second.</summary>
    public static JsonObject SimulatedTFJob(string name)
    {
        var replicas = new JsonObject
        {
            ["replicas"] = 2,
            ["restartPolicy"] = "Never",
            ["template"] = new JsonObject
            {
                ["spec"] = new JsonObject
                {
                    ["nodeSelector"] = new JsonObject { ["type"] = "kwok" },
                    ["tolerations"] = new JsonArray(new JsonObject { ["key"] = "kwok.x-k8s.io/node", ["operator"] = "Exists", ["effect"] = "NoSchedule" }),
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "tensorflow", ["image"] = "train" }),
                },
            },
        };
        var job = Job("TFJob", "tfReplicaSpecs", name, null, [("Worker", replicas)]);
        job["spec"]!["successPolicy"] = "AllWorkers";
        return job;
    }

    /// <summary>How often the pod's container was started, and for which pods.</summary>
    public static IReadOnlyList<string> Starts(KillableSilo silo, string pod, string container = "main")
    {
        var path = Path.Combine(silo.Work, $"{pod}.{container}.starts");
        return File.Exists(path) ? File.ReadAllLines(path) : [];
    }

    private static JsonObject Job(string kind, string replicaSpecs, string name, JsonObject? runPolicy, IEnumerable<(string Role, JsonObject Spec)> roles)
    {
        var policy = runPolicy?.DeepClone().AsObject() ?? [];
        policy.TryAdd("cleanPodPolicy", "None");
        return new JsonObject
        {
            ["apiVersion"] = "kubeflow.org/v1",
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["runPolicy"] = policy,
                [replicaSpecs] = new JsonObject(roles.Select(role => KeyValuePair.Create<string, JsonNode?>(role.Role, role.Spec))),
            },
        };
    }

    private static JsonObject ReplicaSpec(KillableSilo silo, Role role, string container)
    {
        var pod = new JsonObject
        {
            ["terminationGracePeriodSeconds"] = role.GracePeriodSeconds,
            ["containers"] = new JsonArray(Container(silo, container, "main", role.Script)),
        };
        if (role.InitScript is { } init)
        {
            pod["initContainers"] = new JsonArray(Container(silo, "prepare", "init", init));
        }

        return new JsonObject { ["replicas"] = role.Replicas, ["restartPolicy"] = role.RestartPolicy, ["template"] = new JsonObject { ["spec"] = pod } };
    }

    private static JsonObject Container(KillableSilo silo, string name, string trace, string script) => new()
    {
        ["name"] = name,
        ["image"] = "train",
        ["command"] = new JsonArray("sh", "-c", $": {silo.Marker}; cd '{silo.Work}' || exit 99; echo \"$POD_UID\" >>\"$POD_NAME.{trace}.starts\"; {script}"),
        ["env"] = new JsonArray(FromField("POD_NAME", "metadata.name"), FromField("POD_UID", "metadata.uid")),
        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "1m" } },
    };

    private static JsonObject FromField(string name, string path) =>
        new() { ["name"] = name, ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = path } } };
}
