using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kubeflow.Orleans.Grains.Training.TFJob;

/// <summary>
/// The variable by which TensorFlow's processes find each other. Written member by member: programs parse it, but people compare it,
/// so its form is fixed to the byte.
/// </summary>
internal static class TFConfig
{
    public const string VariableName = "TF_CONFIG";

    /// <summary>A job of exactly one replica needs no cluster; roles the kind does not know do not count.</summary>
    public static bool IsDistributed(TrainingJob job) => job.Replicas.Where(spec => job.Kind.Roles.Contains(spec.Role)).Sum(spec => (long)spec.Replicas) != 1;

    /// <summary>Workers come and go: each is told of itself and the parameter servers only.</summary>
    public static bool HasDynamicWorkers(TrainingJob job) => job.Spec.Flag("enableDynamicWorker");

    public static string Of(TrainingJob job, string role, int index, string clusterDomain)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            var dynamic = HasDynamicWorkers(job);
            json.WriteStartObject();
            json.WriteStartObject("cluster");
            if (dynamic)
            {
                WriteSparseCluster(json, job, role, index, clusterDomain);
            }
            else
            {
                WriteCluster(json, job, clusterDomain);
            }

            json.WriteEndObject();
            json.WriteStartObject("task");
            json.WriteString("type", role.ToLowerInvariant());
            json.WriteNumber("index", index);
            json.WriteEndObject();
            if (!dynamic)
            {
                json.WriteString("environment", "cloud");
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteCluster(Utf8JsonWriter json, TrainingJob job, string clusterDomain)
    {
        foreach (var spec in job.Replicas.OrderBy(spec => spec.Role.ToLowerInvariant(), StringComparer.Ordinal))
        {
            json.WriteStartArray(spec.Role.ToLowerInvariant());
            WriteHosts(json, job, spec, clusterDomain);
            json.WriteEndArray();
        }
    }

    private static void WriteSparseCluster(Utf8JsonWriter json, TrainingJob job, string role, int index, string clusterDomain)
    {
        json.WriteStartObject("worker");
        if (role == TFJobKind.Worker)
        {
            json.WriteString(index.ToString(CultureInfo.InvariantCulture), Host(job, job.Replica(role)!, index, clusterDomain));
        }

        json.WriteEndObject();
        if (role == TFJobKind.Worker && !job.Has(TFJobKind.ParameterServer))
        {
            json.WriteNull("ps");
            return;
        }

        json.WriteStartArray("ps");
        if (role == TFJobKind.Worker)
        {
            WriteHosts(json, job, job.Replica(TFJobKind.ParameterServer)!, clusterDomain);
        }
        else if (role == TFJobKind.ParameterServer)
        {
            json.WriteStringValue(Host(job, job.Replica(role)!, index, clusterDomain));
        }

        json.WriteEndArray();
    }

    private static void WriteHosts(Utf8JsonWriter json, TrainingJob job, ReplicaSpec spec, string clusterDomain)
    {
        for (var index = 0; index < spec.Replicas; index++)
        {
            json.WriteStringValue(Host(job, spec, index, clusterDomain));
        }
    }

    private static string Host(TrainingJob job, ReplicaSpec spec, int index, string clusterDomain) =>
        $"{job.ReplicaName(spec.Role, index)}.{job.Namespace}.svc{(clusterDomain.Length == 0 ? "" : "." + clusterDomain)}:{spec.FrameworkPort}";
}
