using System.Text.Json;
using Kubeflow.Orleans.Core.Resources;
using Kubeflow.Orleans.LocalCluster.Json;

namespace Kubeflow.Orleans.LocalCluster.Kubelet;

/// <summary>What the kubelet needs of a pod's document, read once per version.</summary>
internal sealed record Pod
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    public long Generation { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public long? DeletionGracePeriodSeconds { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public required JsonElement Spec { get; init; }

    public required JsonElement Status { get; init; }

    public required IReadOnlyList<ContainerSpec> InitContainers { get; init; }

    public required IReadOnlyList<ContainerSpec> Containers { get; init; }

    public required Document Document { get; init; }

    public string NodeName => Spec.Text("nodeName");

    public string RestartPolicy => Spec.TextOr("restartPolicy", "Always");

    public TimeSpan TerminationGracePeriod => TimeSpan.FromSeconds(Spec.Integer("terminationGracePeriodSeconds") ?? 30);

    public TimeSpan? ActiveDeadline => Spec.Integer("activeDeadlineSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    public string ServiceAccountName => Spec.TextOr("serviceAccountName", "default");

    public string Subdomain => Spec.Text("subdomain");

    /// <summary>spec.hostname or the name, cut to what a host name may be.</summary>
    public string Hostname => Cut(Spec.TextOr("hostname", Name));

    public string Phase => Status.TextOr("phase", "Pending");

    public bool IsTerminal => Phase is "Succeeded" or "Failed";

    public bool IsDeleted => DeletionTimestamp is not null;

    public ResourceKey Key => new("pods", Namespace, Name);

    public IEnumerable<ContainerSpec> AllContainers => InitContainers.Concat(Containers);

    /// <summary>Containers that stay for the pod's life and are counted in its readiness: sidecars, then the regular ones.</summary>
    public IEnumerable<ContainerSpec> LastingContainers => InitContainers.Where(container => container.IsSidecar).Concat(Containers);

    public override string ToString() => $"{Namespace}/{Name}";

    public static Pod Read(Document document)
    {
        var metadata = document.Metadata;
        var spec = document.Root.At("spec");
        return new Pod
        {
            Namespace = metadata.Namespace,
            Name = metadata.Name,
            Uid = metadata.Uid,
            Generation = metadata.Generation,
            DeletionTimestamp = metadata.DeletionTimestamp,
            DeletionGracePeriodSeconds = document.Root.At("metadata").Integer("deletionGracePeriodSeconds"),
            Labels = metadata.Labels,
            Annotations = metadata.Annotations,
            Spec = spec,
            Status = document.Root.At("status"),
            InitContainers = [.. spec.Items("initContainers").Select(item => ContainerSpec.Read(item, isInit: true))],
            Containers = [.. spec.Items("containers").Select(item => ContainerSpec.Read(item, isInit: false))],
            Document = document,
        };
    }

    private static string Cut(string hostname) => hostname.Length <= 63 ? hostname : hostname[..63].TrimEnd('-', '.');
}

/// <summary>One entry of spec.containers or spec.initContainers.</summary>
internal sealed record ContainerSpec(JsonElement Json, bool IsInit)
{
    public string Name => Json.Text("name");

    public string Image => Json.Text("image");

    /// <summary>As defaulting sets it; a document that was never defaulted means IfNotPresent.</summary>
    public string ImagePullPolicy => Json.TextOr("imagePullPolicy", "IfNotPresent");

    public IReadOnlyList<string> Command => [.. Json.Texts("command")];

    public IReadOnlyList<string> Arguments => [.. Json.Texts("args")];

    public string WorkingDirectory => Json.Text("workingDir");

    /// <summary>A native sidecar: an init container that is started in order and then stays.</summary>
    public bool IsSidecar => IsInit && Json.Text("restartPolicy") == "Always";

    public string TerminationMessagePath => Json.TextOr("terminationMessagePath", "/dev/termination-log");

    public bool FallsBackToLogs => Json.Text("terminationMessagePolicy") == "FallbackToLogsOnError";

    public JsonElement Resources => Json.At("resources");

    /// <summary>exec, httpGet or sleep to run before SIGTERM; Undefined when there is none.</summary>
    public JsonElement PreStop => Json.At("lifecycle").At("preStop");

    public JsonElement PostStart => Json.At("lifecycle").At("postStart");

    public ProbeSpec? StartupProbe => ProbeSpec.Read(Json.At("startupProbe"));

    public ProbeSpec? ReadinessProbe => ProbeSpec.Read(Json.At("readinessProbe"));

    public ProbeSpec? LivenessProbe => ProbeSpec.Read(Json.At("livenessProbe"));

    public IReadOnlyList<VolumeMount> VolumeMounts => [.. Json.Items("volumeMounts").Select(VolumeMount.Read)];

    /// <summary>How events and status name the container.</summary>
    public string FieldPath => IsInit ? $"spec.initContainers{{{Name}}}" : $"spec.containers{{{Name}}}";

    /// <summary>The port of this name, or the number itself.</summary>
    public int? ResolvePort(string port) => int.TryParse(port, out var number)
        ? number
        : (int?)Json.Items("ports").FirstOrDefault(item => item.Text("name") == port).Integer("containerPort");

    public static ContainerSpec Read(JsonElement json, bool isInit) => new(json, isInit);
}

/// <summary>One entry of volumeMounts.</summary>
internal sealed record VolumeMount(string Volume, string Path, string SubPath, string SubPathExpression, bool ReadOnly)
{
    public static VolumeMount Read(JsonElement json) => new(
        json.Text("name"), json.Text("mountPath"), json.Text("subPath"), json.Text("subPathExpr"), json.Flag("readOnly"));
}

/// <summary>A startup, readiness or liveness probe with its defaults.</summary>
internal sealed record ProbeSpec(JsonElement Json)
{
    public TimeSpan InitialDelay => Seconds("initialDelaySeconds", 0);

    public TimeSpan Period => Seconds("periodSeconds", 10);

    public TimeSpan Timeout => Seconds("timeoutSeconds", 1);

    public int SuccessThreshold => (int)(Json.Integer("successThreshold") ?? 1);

    public int FailureThreshold => (int)(Json.Integer("failureThreshold") ?? 3);

    public TimeSpan? TerminationGracePeriod => Json.Integer("terminationGracePeriodSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    public static ProbeSpec? Read(JsonElement json) => json.ValueKind == JsonValueKind.Object ? new ProbeSpec(json) : null;

    private TimeSpan Seconds(string name, long fallback) => TimeSpan.FromSeconds(Json.Integer(name) is > 0 and var value ? value : fallback);
}
