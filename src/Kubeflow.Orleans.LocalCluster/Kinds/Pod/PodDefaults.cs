using System.Text.Json.Nodes;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kinds;

/// <summary>The fields the API server fills into a pod. Pure, and a second time changes nothing.</summary>
internal static class PodDefaults
{
    public const string SchedulerName = "default-scheduler";

    public static void Apply(JsonObject pod)
    {
        var spec = pod.Child("spec");
        ApplyPodSpec(spec);
        var status = pod.Child("status");
        status.Default("phase", "Pending");
        status.Default("qosClass", PodQuality.Of(spec));
    }

    private static void ApplyPodSpec(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("schedulerName", SchedulerName);
        spec.Default("serviceAccountName", spec.Text("serviceAccount") is { Length: > 0 } account ? account : "default");
        spec.Default("serviceAccount", spec.Text("serviceAccountName"));
        spec.Default("enableServiceLinks", true);
        if (spec.Text("priorityClassName").Length == 0)
        {
            spec.Default("priority", 0);
        }

        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        spec.Default("securityContext", new JsonObject());
        DefaultTolerations(spec);
        foreach (var container in spec.Objects("initContainers").Concat(spec.Objects("containers")))
        {
            ApplyContainer(container);
        }

        foreach (var volume in spec.Objects("volumes"))
        {
            ApplyVolume(volume);
        }
    }

    /// <summary>A pod survives five minutes on a node that is not heard of, unless it says otherwise.</summary>
    private static void DefaultTolerations(JsonObject spec)
    {
        foreach (var key in (string[])["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            if (spec.Objects("tolerations").Any(toleration => toleration.Text("key") is "" || (toleration.Text("key") == key && toleration.Text("effect") is "" or "NoExecute")))
            {
                continue;
            }

            spec.Array("tolerations").Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
        }
    }

    private static void ApplyContainer(JsonObject container)
    {
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        container.Default("imagePullPolicy", IsLatest(container.Text("image")) ? "Always" : "IfNotPresent");
        DefaultResources(container.Child("resources"));
        foreach (var port in container.Objects("ports"))
        {
            port.Default("protocol", "TCP");
        }

        foreach (var probe in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            ApplyProbe(container.Object(probe));
        }

        foreach (var hook in (string[])["postStart", "preStop"])
        {
            ApplyHttpGet(container.Object("lifecycle")?.Object(hook)?.Object("httpGet"));
        }

        foreach (var variable in container.Objects("env"))
        {
            variable.Object("valueFrom")?.Object("fieldRef")?.Default("apiVersion", "v1");
        }
    }

    /// <summary>A limit without a request is the request as well.</summary>
    private static void DefaultResources(JsonObject resources)
    {
        if (resources.Object("limits") is not { Count: > 0 } limits)
        {
            return;
        }

        foreach (var (name, limit) in limits)
        {
            resources.Child("requests").Default(name, limit!.DeepClone());
        }
    }

    private static void ApplyProbe(JsonObject? probe)
    {
        if (probe is null)
        {
            return;
        }

        DefaultPositive(probe, "timeoutSeconds", 1);
        DefaultPositive(probe, "periodSeconds", 10);
        DefaultPositive(probe, "successThreshold", 1);
        DefaultPositive(probe, "failureThreshold", 3);
        ApplyHttpGet(probe.Object("httpGet"));
        probe.Object("grpc")?.Default("service", "");
    }

    private static void DefaultPositive(JsonObject probe, string name, int value)
    {
        if (probe.Integer(name) is null or 0)
        {
            probe[name] = value;
        }
    }

    private static void ApplyHttpGet(JsonObject? httpGet)
    {
        httpGet?.Default("scheme", "HTTP");
        httpGet?.Default("path", "/");
    }

    private static void ApplyVolume(JsonObject volume)
    {
        if (volume.Count == 1 && volume.ContainsKey("name"))
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (var source in (string[])["secret", "configMap", "projected", "downwardAPI"])
        {
            volume.Object(source)?.Default("defaultMode", 420);
        }

        volume.Object("hostPath")?.Default("type", "");
        foreach (var projection in volume.Object("projected").Objects("sources"))
        {
            projection.Object("serviceAccountToken")?.Default("expirationSeconds", 3600);
            DefaultFieldReferences(projection.Object("downwardAPI"));
        }

        DefaultFieldReferences(volume.Object("downwardAPI"));
    }

    private static void DefaultFieldReferences(JsonObject? downwardApi)
    {
        foreach (var item in downwardApi.Objects("items"))
        {
            item.Object("fieldRef")?.Default("apiVersion", "v1");
        }
    }

    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest";
    }
}
