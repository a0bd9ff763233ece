using System.Collections.Immutable;
using Kubeflow.Orleans.Grains.Framework;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class LostNodeTests
{
    [Theory]
    [InlineData("Retry", "DeletionByTaintManager", 59, false)]
    [InlineData("Retry", "DeletionByTaintManager", 60, true)]
    [InlineData("Retry", "EvictionByEvictionAPI", 3600, false)]
    [InlineData("RestartPolicy", "DeletionByTaintManager", 3600, false)]
    public void Pod_on_a_lost_node_is_let_go_by_force_when_asked_to(string annotation, string reason, int seconds, bool letGo)
    {
        var world = World.Of($$$$"""
            kind: PyTorchJob
            metadata:
              name: j
              annotations: { kubeflow-orleans.dev/infrastructure-failures: {{{{annotation}}}} }
            spec:
              pytorchReplicaSpecs:
                Worker: {replicas: 2, restartPolicy: OnFailure, template: {spec: {containers: [{name: pytorch, image: x}]}}}
            """);
        world.Settle();
        world.SetAll(pod => pod.Running());
        world.Settle();
        world.Set(world.Pod("j-worker-1") with
        {
            DeletionTime = World.Start,
            Conditions = ImmutableArray.Create(new ObservedCondition("DisruptionTarget", "True", reason, "", null)),
        });
        world.Now = World.Start.AddSeconds(seconds);

        var decision = world.Decide();
        Assert.Equal(letGo ? ["j-worker-1"] : [], decision.Actions.OfType<ClusterAction.DeletePod>().Where(delete => delete.Force).Select(delete => delete.Name));
        if (annotation == "Retry" && reason == "DeletionByTaintManager" && !letGo)
        {
            Assert.Equal(World.Start.AddSeconds(60), decision.NextWake);
        }

        world.Settle();
        Assert.Equal(letGo ? 2 : 1, world.Creations.Count(name => name == "j-worker-1"));
    }
}
