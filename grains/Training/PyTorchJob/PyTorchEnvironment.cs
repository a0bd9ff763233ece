using System.Globalization;

namespace Kubeflow.Orleans.Grains.Training.PyTorchJob;

/// <summary>The variables by which PyTorch's processes find each other, in the order they are appended.</summary>
internal static class PyTorchEnvironment
{
    public static IEnumerable<(string Name, string Value)> Of(TrainingJob job, ReplicaSpec spec, int index)
    {
        var nodes = job.TotalReplicas;
        var processes = ProcessesPerNode(job);
        return
        [
            ("PYTHONUNBUFFERED", "1"),
            .. job.Replica(TrainingKind.Master) is { } master ? MasterVariables(job, master, spec, index, nodes, processes) : [],
            .. processes is null ? Array.Empty<(string, string)>() : [("PET_NPROC_PER_NODE", processes)],
            .. ElasticPolicy.Of(job)?.Variables(job) ?? [("PET_NNODES", Text(nodes))],
        ];
    }

    /// <summary>
    /// <c>auto</c> unless it is set or the deprecated field of the elastic policy is; null: torchrun is not told.
    /// </summary>
    public static string? ProcessesPerNode(TrainingJob job) =>
        job.Spec.Text("nprocPerNode") ?? (ElasticPolicy.Of(job)?.ProcessesPerNode is null ? "auto" : null);

    /// <summary>WORLD_SIZE counts processes where their number is known, RANK counts nodes: torchrun sets both anew for its children.</summary>
    private static IEnumerable<(string Name, string Value)> MasterVariables(TrainingJob job, ReplicaSpec master, ReplicaSpec spec, int index, long nodes, string? processes)
    {
        var port = Text(master.FrameworkPort);
        var address = job.ReplicaName(TrainingKind.Master, 0);
        var rank = Text(spec.Role == TrainingKind.Master ? index : index + 1);
        var perNode = int.TryParse(processes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 1;
        return
        [
            ("MASTER_PORT", port),
            ("PET_MASTER_PORT", port),
            ("MASTER_ADDR", address),
            ("PET_MASTER_ADDR", address),
            ("WORLD_SIZE", Text(nodes * perNode)),
            ("RANK", rank),
            ("PET_NODE_RANK", rank),
        ];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
