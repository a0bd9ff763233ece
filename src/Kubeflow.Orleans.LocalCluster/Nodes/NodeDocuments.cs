using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Nodes;

/// <summary>What nodes say of themselves.</summary>
internal static class NodeDocuments
{
    public static string Architecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        var other => other.ToString().ToLowerInvariant(),
    };

    public static string OperatingSystem { get; } = System.OperatingSystem.IsWindows() ? "windows" : System.OperatingSystem.IsMacOS() ? "darwin" : "linux";

    public static JsonObject Create(string name, JsonObject annotations) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["labels"] = new JsonObject
            {
                ["beta.kubernetes.io/arch"] = Architecture,
                ["beta.kubernetes.io/os"] = OperatingSystem,
                ["kubernetes.io/arch"] = Architecture,
                ["kubernetes.io/hostname"] = name,
                ["kubernetes.io/os"] = OperatingSystem,
            },
            ["annotations"] = annotations,
        },
        ["spec"] = new JsonObject(),
    };

    /// <summary>Capacity, addresses, and the conditions of a healthy node.</summary>
    public static void FillStatus(JsonObject node, JsonObject capacity, string address, JsonObject nodeInfo, DateTimeOffset now)
    {
        var status = node.Child("status");
        status["capacity"] = capacity;
        status["allocatable"] = capacity.DeepClone();
        status["addresses"] = new JsonArray(
            new JsonObject { ["type"] = "InternalIP", ["address"] = address },
            new JsonObject { ["type"] = "Hostname", ["address"] = node.Object("metadata").Text("name") });
        status["nodeInfo"] = nodeInfo;
        SetConditions(status, now);
    }

    private static void SetConditions(JsonObject status, DateTimeOffset now)
    {
        var time = now.Rfc3339();
        status.SetCondition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", time);
        status.SetCondition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", time);
        status.SetCondition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", time);
        status.SetCondition("Ready", "True", "KubeletReady", "kubelet is posting ready status", time);
        foreach (var condition in status.Objects("conditions"))
        {
            condition["lastHeartbeatTime"] = time;
        }
    }

    public static JsonObject NodeInfo(string kubeletVersion, string runtime) => new()
    {
        ["architecture"] = Architecture,
        ["operatingSystem"] = OperatingSystem,
        ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
        ["osImage"] = RuntimeInformation.OSDescription,
        ["containerRuntimeVersion"] = runtime,
        ["kubeletVersion"] = kubeletVersion,
        ["kubeProxyVersion"] = kubeletVersion,
        ["machineID"] = "",
        ["systemUUID"] = "",
        ["bootID"] = "",
    };
}
