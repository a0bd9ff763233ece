using k8s.Models;

namespace Kubeflow.Orleans.Grains.Training.PaddleJob;

/// <summary>Whoever comes first listens at its own address, the others are told its name.</summary>
internal sealed class PaddleJobRules(PaddleJobKind kind) : MasterWorkerRules(kind)
{
    private const string OwnAddress = "POD_IP_DUMMY";

    /// <summary>In a collective job all are equal.</summary>
    public override bool IsMaster(TrainingJob job, string role, int index) => role == TrainingKind.Master;

    protected override IEnumerable<V1EnvVar> Environment(TrainingJob job, ReplicaSpec spec, int index)
    {
        yield return Variable("PYTHONUNBUFFERED", "1");
        yield return Variable("PADDLE_JOB_ID", job.Name);
        yield return Variable("PADDLE_NNODES", job.TotalReplicas);

        var first = job.Replica(TrainingKind.Master) ?? spec;
        var isFirst = spec.Role == first.Role && index == 0;
        if (isFirst)
        {
            yield return new V1EnvVar { Name = OwnAddress, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "status.podIP" } } };
        }

        yield return Variable("PADDLE_MASTER", $"{(isFirst ? $"$({OwnAddress})" : job.ReplicaName(first.Role, 0))}:{first.FrameworkPort}");
        if (job.Has(TrainingKind.Master))
        {
            yield return Variable(spec.Role == TrainingKind.Master ? "PADDLE_SERVER_NUM" : "PADDLE_TRAINER_NUM", "1");
        }
    }
}
