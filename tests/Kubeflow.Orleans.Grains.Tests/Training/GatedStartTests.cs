using System.Collections.Immutable;
using Kubeflow.Orleans.Kubernetes;
using Xunit;

namespace Kubeflow.Orleans.Grains.Tests.Training;

public sealed class GatedStartTests
{
    [Theory]
    [InlineData("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "Master", "j-master-0")]
    [InlineData("XGBoostJob", "xgbReplicaSpecs", "xgboost", "Master", "j-master-0")]
    [InlineData("PaddleJob", "paddleReplicaSpecs", "paddle", "Master", "j-master-0")]
    [InlineData("TFJob", "tfReplicaSpecs", "tensorflow", "Chief", "j-chief-0")]
    [InlineData("TFJob", "tfReplicaSpecs", "tensorflow", "PS", "j-worker-0")]
    [InlineData("JAXJob", "jaxReplicaSpecs", "jax", "", "j-worker-0")]
    public void Other_replicas_are_created_when_the_leading_one_is_ready(string kind, string field, string container, string role, string leader)
    {
        var world = Job(kind, field, container, role);
        world.Settle();
        Assert.Equal([leader], world.Pods.Select(pod => pod.Name));

        world.Set(world.Pod(leader).Running());
        world.Settle();
        Assert.Single(world.Pods);

        world.Set(Ready(world.Pod(leader)));
        world.Settle();
        Assert.Equal(role.Length > 0 ? 3 : 2, world.Pods.Count);
    }

    [Fact]
    public void Nobody_waits_where_nobody_leads()
    {
        var world = Job("PaddleJob", "paddleReplicaSpecs", "paddle", "");
        world.Settle();
        Assert.Equal(2, world.Pods.Count);
    }

    [Fact]
    public void Worker_that_waited_needs_no_container_that_waits()
    {
        var world = Job("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "Master");
        world.Settle();
        world.Set(Ready(world.Pod("j-master-0")));

        Assert.All(
            world.Decide().Actions.OfType<Grains.Framework.ClusterAction.CreatePod>(),
            create => Assert.Null(create.Pod.Spec.InitContainers));
    }

    private static ObservedPod Ready(ObservedPod pod) =>
        pod.Running() with { Conditions = ImmutableArray.Create(new ObservedCondition("Ready", "True", "", "", null)) };

    private static World Job(string kind, string field, string container, string role)
    {
        var template = $"template: {{spec: {{containers: [{{name: {container}, image: x}}]}}}}";
        var worker = $"{{replicas: 2, restartPolicy: OnFailure, {template}}}";
        var world = World.Of($$"""
            kind: {{kind}}
            metadata:
              name: j
              annotations: {kubeflow-orleans.dev/worker-start: WhenLeaderReady}
            spec:
              {{field}}:
                Worker: {{worker}}
            """);
        if (role.Length > 0)
        {
            world.Job["spec"]![field]![role] = World.ReadYaml($"{{replicas: 1, restartPolicy: OnFailure, {template}}}");
        }

        return world;
    }
}
