using System.Globalization;
using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>A typed view over <c>spec.elasticPolicy</c>, defaults applied.</summary>
internal sealed class ElasticPolicy
{
    private ElasticPolicy(JsonElement element, ReplicaSpec? workers)
    {
        MinReplicas = element.Integer("minReplicas") ?? element.Integer("maxReplicas") ?? workers?.Replicas ?? 1;
        MaxReplicas = element.Integer("maxReplicas") ?? element.Integer("minReplicas") ?? workers?.Replicas ?? 1;
        RendezvousBackend = element.Text("rdzvBackend") is { Length: > 0 } backend ? backend : "c10d";
        RendezvousHost = element.Text("rdzvHost");
        RendezvousPort = element.Integer("rdzvPort");
        RendezvousId = element.Text("rdzvId");
        RendezvousConfiguration = string.Join(',', element.Items("rdzvConf").Select(entry => $"{entry.Text("key")}={entry.Text("value")}"));
        MaxRestarts = element.Integer("maxRestarts");
        ProcessesPerNode = element.Integer("nProcPerNode");
        Standalone = element.Flag("standalone");
        Metrics = element.Get("metrics");
    }

    /// <summary>One missing bound copies the other; with none, both are the number of workers.</summary>
    public long MinReplicas { get; }

    public long MaxReplicas { get; }

    public string RendezvousBackend { get; }

    public string? RendezvousHost { get; }

    public long? RendezvousPort { get; }

    public string? RendezvousId { get; }

    /// <summary><c>key=value</c> pairs joined by commas; empty when there are none.</summary>
    public string RendezvousConfiguration { get; }

    public long? MaxRestarts { get; }

    /// <summary>Deprecated in favour of the spec's nprocPerNode.</summary>
    public long? ProcessesPerNode { get; }

    public bool Standalone { get; }

    /// <summary>What the number of workers follows; not there: it stays as it is written.</summary>
    public JsonElement Metrics { get; }

    /// <summary>Null when the job is not elastic.</summary>
    public static ElasticPolicy? Of(TrainingJob job) =>
        job.Spec.Get("elasticPolicy") is var element && element.IsPresent() ? new ElasticPolicy(element, job.Replica(TrainingKind.Worker)) : null;

    /// <summary>The variables torchrun reads.</summary>
    public IEnumerable<(string Name, string Value)> Variables(TrainingJob job)
    {
        yield return ("PET_RDZV_ENDPOINT", $"{RendezvousHost ?? job.ReplicaName(TrainingKind.Worker, 0)}:{RendezvousPort ?? job.Replica(TrainingKind.Worker)?.FrameworkPort}");
        yield return ("PET_RDZV_BACKEND", RendezvousBackend);
        yield return ("PET_NNODES", $"{MinReplicas}:{MaxReplicas}");
        if (MaxRestarts is { } maxRestarts)
        {
            yield return ("PET_MAX_RESTARTS", maxRestarts.ToString(CultureInfo.InvariantCulture));
        }

        if (ProcessesPerNode is { } processes)
        {
            yield return ("PET_NPROC_PER_NODE", processes.ToString(CultureInfo.InvariantCulture));
        }

        if (RendezvousId is { } id)
        {
            yield return ("PET_RDZV_ID", id);
        }

        if (RendezvousConfiguration.Length > 0)
        {
            yield return ("PET_RDZV_CONF", RendezvousConfiguration);
        }

        if (Standalone)
        {
            yield return ("PET_STANDALONE", "");
        }
    }
}
